/**
 * Transitions of an endpoint's status, by compare-and-set under the row's lock: a step that runs twice, or
 * a stale one, changes nothing. The event and the mail that tell of one are written with it.
 */
import { sql } from 'kysely';
import type { EndpointStatus } from '../domain/endpoint.ts';
import { canTransition } from '../domain/lifecycle.ts';
import type { Db, Tx } from './client.ts';
import { appendEvent } from './events.ts';
import { type LockedEndpoint, lockEndpoint } from './lifecycle.ts';
import type { MailEvent } from './schema.ts';

export interface Transition {
  endpointId: string;
  /** The statuses it may come from; from any other it is stale and changes nothing. */
  from: readonly EndpointStatus[];
  to: EndpointStatus;
  /** A stable code: of the error catalogue, or a plain cause such as `node_lost`. */
  reason: string | null;
  /** A sentence for the user. */
  message: string;
  /** Mail for the owner, queued in the same transaction. */
  mail: MailEvent | null;
  actor?: string;
  runId?: string | null;
  details?: Record<string, unknown> | null;
}

export interface TransitionResult {
  /** False when the endpoint already was there, or had moved on. */
  recorded: boolean;
  status: EndpointStatus;
  /** The mail to deliver, also when an earlier try of this step had queued it. */
  mailId: string | null;
}

/** Records a transition with its event and mail, in one transaction. */
export async function recordTransition(db: Db, transition: Transition): Promise<TransitionResult> {
  return db.transaction().execute(async (tx) => {
    const row = await lockEndpoint(tx, transition.endpointId);
    if (row.status === transition.to) {
      return { recorded: false, status: row.status, mailId: await unsentMail(tx, transition) };
    }
    // An endpoint that its owner has paused or deleted meanwhile does not come up any more.
    const unwanted = transition.to === 'up' && row.power !== 'on';
    if (unwanted || !transition.from.includes(row.status) || !canTransition(row.status, transition.to)) {
      return { recorded: false, status: row.status, mailId: null };
    }
    const bringingUp = transition.to === 'building' || transition.to === 'waking';
    await tx
      .updateTable('endpoints')
      .set((eb) => ({
        status: transition.to,
        stage: null,
        stage_progress: null,
        status_reason: transition.reason,
        status_message: transition.message,
        since: sql<Date>`clock_timestamp()`,
        version: eb('version', '+', 1),
        observed_generation: eb.ref('generation'),
        sleep_generation: transition.to === 'hibernated' ? sleepGeneration(row) : eb.ref('sleep_generation'),
        failure_generation:
          transition.to === 'failed' ? eb('failure_generation', '+', 1) : eb.ref('failure_generation'),
        first_up_at:
          transition.to === 'up' ? sql<Date>`coalesce(first_up_at, clock_timestamp())` : eb.ref('first_up_at'),
        deleted_at: transition.to === 'deleted' ? sql<Date>`clock_timestamp()` : eb.ref('deleted_at'),
        expected_ready_at: bringingUp ? expectedReadyAt(transition.endpointId, transition.to) : null,
        ...(transition.to === 'up' ? {} : { degraded_reason: null, degraded_message: null }),
      }))
      .where('id', '=', transition.endpointId)
      .execute();
    if (transition.to === 'deleted') await forgetSecrets(tx, transition.endpointId);
    await appendEvent(tx, {
      endpointId: transition.endpointId,
      ownerId: row.owner_id,
      type: 'transition',
      actor: transition.actor ?? 'lifecycle',
      fromStatus: row.status,
      toStatus: transition.to,
      reason: transition.reason,
      message: transition.message,
      details: transition.details ?? null,
      runId: transition.runId ?? null,
    });
    const wantsMail = transition.mail && row.notify_email && row.power !== 'deleted';
    const mailId = wantsMail ? await queueMail(tx, row, transition) : null;
    return { recorded: true, status: transition.to, mailId };
  });
}

/**
 * Now plus the median of this endpoint's last bring-ups of the same kind, or what its first build took;
 * null when it has never been up.
 */
function expectedReadyAt(endpointId: string, kind: EndpointStatus) {
  return sql<Date | null>`clock_timestamp() + coalesce((
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY took) FROM (
      SELECT next_at - at AS took FROM (
        SELECT at, to_status, lead(at) OVER w AS next_at, lead(to_status) OVER w AS next_status
        FROM endpoint_events WHERE endpoint_id = ${endpointId} AND type = 'transition'
        WINDOW w AS (ORDER BY seq)) steps
      WHERE to_status = ${kind} AND next_status = 'up' ORDER BY at DESC LIMIT 5) recent), first_up_at - created_at)`;
}

async function queueMail(tx: Tx, row: LockedEndpoint, transition: Transition): Promise<string | null> {
  const inserted = await tx
    .insertInto('mail_outbox')
    .values({
      endpoint_id: row.id,
      owner_id: row.owner_id,
      event: transition.mail ?? 'ready',
      dedupe_key: `${row.id}:${transition.mail}:${row.version + 1}`,
      recipient: row.notify_email ?? '',
      data: JSON.stringify({
        name: row.name,
        model: row.spec.model,
        reason: transition.reason,
        message: transition.message,
      }),
    })
    .onConflict((conflict) => conflict.column('dedupe_key').doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted?.id ?? null;
}

async function unsentMail(tx: Tx, transition: Transition): Promise<string | null> {
  if (!transition.mail) return null;
  const row = await tx
    .selectFrom('mail_outbox')
    .select('id')
    .where('endpoint_id', '=', transition.endpointId)
    .where('event', '=', transition.mail)
    .where('sent_at', 'is', null)
    .orderBy('created_at', 'desc')
    .executeTakeFirst();
  return row?.id ?? null;
}

/** What a deleted endpoint must not leave behind; usage and events stay. */
async function forgetSecrets(tx: Tx, endpointId: string): Promise<void> {
  await tx.deleteFrom('endpoint_secrets').where('endpoint_id', '=', endpointId).execute();
  await tx.deleteFrom('custom_domains').where('endpoint_id', '=', endpointId).execute();
  await tx.deleteFrom('telemetry_settings').where('endpoint_id', '=', endpointId).execute();
}

/**
 * The number of the sleep that begins. After a failed wake it is a new one, so that the wish that woke it
 * is spent; and every wish to sleep so far is fulfilled by it.
 */
function sleepGeneration(row: LockedEndpoint): number {
  const present = row.status === 'waking' ? row.sleep_generation + 1 : row.sleep_generation;
  return Math.max(present, row.hibernate_requested, 1);
}
