/**
 * The timeline of an endpoint: what happened, who did it, why. Append-only; the order is `seq`.
 */
import type { Db, Tx } from './client.ts';
import type { EventType } from './schema.ts';

export interface NewEvent {
  endpointId: string;
  ownerId: string;
  type: EventType;
  /** `lifecycle`, `proxy`, `monitor`, `reaper`, `user:<id>` or `key:<id>`. */
  actor: string;
  message: string;
  fromStatus?: string | null;
  toStatus?: string | null;
  stage?: string | null;
  reason?: string | null;
  details?: Record<string, unknown> | null;
  runId?: string | null;
}

/** Appends one event, in the transaction of the change that it tells of. */
export async function appendEvent(db: Db | Tx, event: NewEvent): Promise<void> {
  await db
    .insertInto('endpoint_events')
    .values({
      endpoint_id: event.endpointId,
      owner_id: event.ownerId,
      type: event.type,
      actor: event.actor,
      message: event.message,
      from_status: event.fromStatus ?? null,
      to_status: event.toStatus ?? null,
      stage: event.stage ?? null,
      reason: event.reason ?? null,
      details: event.details ? JSON.stringify(event.details) : null,
      run_id: event.runId ?? null,
    })
    .execute();
}
