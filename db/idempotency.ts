/**
 * Idempotency keys: one row per (owner, route, key), kept 24 h. A row without a response means that the
 * first request is running; when its process died, the row may be taken over after a minute. Whoever was
 * taken over cannot finish: `completeIdempotent` runs in the transaction of the effect and fails it.
 */
import { sql } from 'kysely';
import type { Db, OwnerTx } from './client.ts';
import { forOwner } from './client.ts';

const KEPT_HOURS = 24;
const RUNNING_SECONDS_MAX = 60;

export interface IdempotencyClaim {
  ownerId: string;
  route: string;
  key: string;
  /** Names this attempt; changes when another one takes the row over. */
  claimedAt: string;
}

export type IdempotencyStart =
  | { kind: 'run'; claim: IdempotencyClaim }
  | { kind: 'running' }
  | { kind: 'reused' }
  /** `bodyText` is the JSON text exactly as it was first sent. */
  | { kind: 'replay'; status: number; bodyText: string };

interface ClaimRow {
  claimed_at: string;
  request_sha256: Buffer;
  response_status: number | null;
  response_body: unknown;
  age_seconds: number;
}

/** Claims the key for this request, or says what became of the first one. */
export async function startIdempotent(
  db: Db,
  request: { ownerId: string; route: string; key: string; requestSha256: Buffer },
): Promise<IdempotencyStart> {
  const { ownerId, route, key, requestSha256 } = request;
  return forOwner(db, ownerId, async (tx) => {
    const inserted = await sql<{ claimed_at: string }>`
      INSERT INTO idempotency_keys (owner_id, route, key, request_sha256)
      VALUES (${ownerId}, ${route}, ${key}, ${requestSha256})
      ON CONFLICT DO NOTHING RETURNING created_at::text AS claimed_at`.execute(tx);
    const fresh = inserted.rows[0];
    if (fresh) return { kind: 'run', claim: { ownerId, route, key, claimedAt: fresh.claimed_at } };

    const found = await sql<ClaimRow>`
      SELECT created_at::text AS claimed_at, request_sha256, response_status, response_body,
        extract(epoch FROM clock_timestamp() - created_at)::float8 AS age_seconds
      FROM idempotency_keys WHERE owner_id = ${ownerId} AND route = ${route} AND key = ${key} FOR UPDATE`.execute(tx);
    const row = found.rows[0];
    // Gone between the two statements: the first one failed and gave its claim back.
    if (!row) return { kind: 'running' };
    const expired = row.age_seconds > KEPT_HOURS * 3600;
    if (!expired && !row.request_sha256.equals(requestSha256)) return { kind: 'reused' };
    if (!expired && row.response_status !== null) {
      return { kind: 'replay', status: row.response_status, bodyText: String(row.response_body) };
    }
    if (!expired && row.age_seconds < RUNNING_SECONDS_MAX) return { kind: 'running' };
    const taken = await sql<{ claimed_at: string }>`
      UPDATE idempotency_keys SET created_at = clock_timestamp(), request_sha256 = ${requestSha256},
        response_status = NULL, response_body = NULL
      WHERE owner_id = ${ownerId} AND route = ${route} AND key = ${key} RETURNING created_at::text AS claimed_at`.execute(
      tx,
    );
    const takenRow = taken.rows[0];
    return takenRow
      ? { kind: 'run', claim: { ownerId, route, key, claimedAt: takenRow.claimed_at } }
      : { kind: 'running' };
  });
}

/** Stores the answer with the effect it tells of. @throws when the claim was taken over in the meantime */
export async function completeIdempotent(
  tx: OwnerTx,
  claim: IdempotencyClaim,
  response: { status: number; bodyText: string },
): Promise<void> {
  // A JSON string, not an object: jsonb would reorder the fields, and a replay must be the same bytes.
  const result = await sql`
    UPDATE idempotency_keys SET response_status = ${response.status}, response_body = ${JSON.stringify(response.bodyText)}::jsonb
    WHERE owner_id = ${claim.ownerId} AND route = ${claim.route} AND key = ${claim.key}
      AND created_at::text = ${claim.claimedAt} AND response_status IS NULL`.execute(tx);
  if (result.numAffectedRows !== 1n) throw new Error('idempotency claim was taken over');
}

/** Gives a claim back after a failure, so that a repeat runs again. */
export async function abandonIdempotent(db: Db, claim: IdempotencyClaim): Promise<void> {
  await forOwner(db, claim.ownerId, async (tx) => {
    await sql`DELETE FROM idempotency_keys WHERE owner_id = ${claim.ownerId} AND route = ${claim.route}
      AND key = ${claim.key} AND created_at::text = ${claim.claimedAt} AND response_status IS NULL`.execute(tx);
  });
}

/** Forgets what is older than a day. */
export async function purgeIdempotencyKeys(db: Db): Promise<void> {
  await sql`DELETE FROM idempotency_keys WHERE created_at < now() - make_interval(hours => ${KEPT_HOURS})`.execute(db);
}
