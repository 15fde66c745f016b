/** Reading an endpoint's timeline and its runtime's last output, for its owner. */
import type { OwnerTx } from './client.ts';
import type { EventType } from './schema.ts';
import { OWNER } from './owned.ts';

export interface TimelineEvent {
  seq: number;
  at: Date;
  type: EventType;
  actor: string;
  fromStatus: string | null;
  toStatus: string | null;
  stage: string | null;
  reason: string | null;
  message: string;
  details: Record<string, unknown> | null;
  runId: string | null;
}

/** Events after `afterSeq`, oldest first. */
export async function readEvents(
  tx: OwnerTx,
  endpointId: string,
  page: { afterSeq: number; limit: number },
): Promise<TimelineEvent[]> {
  const rows = await tx
    .selectFrom('endpoint_events')
    .selectAll()
    .where('endpoint_id', '=', endpointId)
    .where('owner_id', '=', OWNER)
    .where('seq', '>', page.afterSeq)
    .orderBy('seq')
    .limit(page.limit)
    .execute();
  return rows.map((row) => ({
    seq: row.seq,
    at: row.at,
    type: row.type,
    actor: row.actor,
    fromStatus: row.from_status,
    toStatus: row.to_status,
    stage: row.stage,
    reason: row.reason,
    message: row.message,
    details: row.details,
    runId: row.run_id,
  }));
}

/** The last output lines of the endpoint's nodes, the newest node last. */
export async function readLogLines(tx: OwnerTx, endpointId: string, linesMax: number): Promise<string[]> {
  const rows = await tx
    .selectFrom('node_logs')
    .innerJoin('nodes', 'nodes.id', 'node_logs.node_id')
    .select('node_logs.lines')
    .where('node_logs.endpoint_id', '=', endpointId)
    .where('node_logs.owner_id', '=', OWNER)
    .orderBy('nodes.created_at')
    .execute();
  return rows.flatMap((row) => row.lines).slice(-linesMax);
}
