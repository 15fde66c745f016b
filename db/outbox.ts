/**
 * Signals to workflows, written in the transaction of the change that they tell of and delivered by any
 * live api process (api/outbox-dispatcher.ts). A crash between commit and delivery loses nothing.
 */
import { sql } from 'kysely';
import type { Db, Tx } from './client.ts';

export interface NewSignal {
  endpointId: string;
  /** `start` makes sure that the lifecycle runs; anything else is a lifecycle signal. */
  signal: string;
  payload?: Record<string, unknown>;
  /** A second row with the same key is dropped: one wake per sleep, whoever asks. */
  dedupeKey?: string;
}

/** Returns true when the row was added, false when its dedupe key was already there. */
export async function enqueueSignal(db: Db | Tx, signal: NewSignal): Promise<boolean> {
  const result = await db
    .insertInto('outbox')
    .values({
      endpoint_id: signal.endpointId,
      signal: signal.signal,
      payload: JSON.stringify(signal.payload ?? {}),
      dedupe_key: signal.dedupeKey ?? null,
    })
    .onConflict((conflict) => conflict.column('dedupe_key').doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export interface PendingSignal {
  id: number;
  endpointId: string;
  signal: string;
  payload: Record<string, unknown>;
  attempts: number;
}

const CLAIM_SECONDS = 10;

/**
 * Claims up to `max` due signals for this process: nobody else gets them for 10 s, after which they are
 * due again, so a claimer that died loses nothing.
 */
export async function claimSignals(db: Db, max: number): Promise<PendingSignal[]> {
  const { rows } = await sql<{
    id: number;
    endpoint_id: string;
    signal: string;
    payload: Record<string, unknown>;
    attempts: number;
  }>`
    UPDATE outbox SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => ${CLAIM_SECONDS})
    WHERE id IN (
      SELECT id FROM outbox WHERE delivered_at IS NULL AND next_attempt_at <= now()
      ORDER BY id LIMIT ${max} FOR UPDATE SKIP LOCKED)
    RETURNING id, endpoint_id, signal, payload, attempts`.execute(db);
  return rows
    .map((row) => ({
      id: row.id,
      endpointId: row.endpoint_id,
      signal: row.signal,
      payload: row.payload,
      attempts: row.attempts,
    }))
    .sort((a, b) => a.id - b.id);
}

export async function markDelivered(db: Db, id: number): Promise<void> {
  await db.updateTable('outbox').set({ delivered_at: new Date(), last_error: null }).where('id', '=', id).execute();
}

/** Puts a signal back for later; waits longer after each attempt, at most half a minute. */
export async function postponeSignal(db: Db, id: number, attempts: number, error: string): Promise<void> {
  const delaySeconds = Math.min(0.5 * 2 ** attempts, 30);
  await sql`UPDATE outbox SET next_attempt_at = now() + make_interval(secs => ${delaySeconds}), last_error = ${error.slice(0, 500)}
    WHERE id = ${id}`.execute(db);
}

/** Makes everything that failed before due now: called when Temporal answers again after an outage. */
export async function hastenSignals(db: Db): Promise<void> {
  await sql`UPDATE outbox SET next_attempt_at = now()
    WHERE delivered_at IS NULL AND last_error IS NOT NULL AND next_attempt_at > now()`.execute(db);
}

const DELIVERED_KEPT_DAYS = 7;

/** Forgets signals delivered a week ago; what they asked for is in the records themselves. */
export async function purgeDelivered(db: Db): Promise<void> {
  await sql`DELETE FROM outbox WHERE delivered_at < now() - make_interval(days => ${DELIVERED_KEPT_DAYS})`.execute(db);
}
