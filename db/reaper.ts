/**
 * What the orphan reaper compares: node records against the provider's list, and endpoints against
 * running workflows.
 */
import { sql } from 'kysely';
import type { Db } from './client.ts';

export async function readInstallationId(db: Db): Promise<string> {
  return (await db.selectFrom('installation').select('id').executeTakeFirstOrThrow()).id;
}

/** Tokens of nodes that have a right to exist at a provider. */
export async function liveTokens(
  db: Db,
  provider: string,
): Promise<Map<string, { nodeId: string; endpointId: string }>> {
  const rows = await db
    .selectFrom('nodes')
    .select(['token', 'id', 'endpoint_id'])
    .where('provider', '=', provider as 'local')
    .where('state', '<>', 'terminated')
    .execute();
  return new Map(rows.map((row) => [row.token, { nodeId: row.id, endpointId: row.endpoint_id }]));
}

export interface Sighting {
  timesSeen: number;
  ageSeconds: number;
}

/** Notes that an orphan was seen, and tells how often and since when. */
export async function noteOrphan(db: Db, provider: string, token: string, ref: string): Promise<Sighting> {
  const { rows } = await sql<{ times_seen: number; age: number }>`
    INSERT INTO orphan_sightings (provider, token, ref) VALUES (${provider}, ${token}, ${ref})
    ON CONFLICT (provider, token) DO UPDATE SET times_seen = orphan_sightings.times_seen + 1
    RETURNING times_seen, extract(epoch FROM now() - first_seen_at)::float8 AS age`.execute(db);
  return { timesSeen: rows[0]?.times_seen ?? 1, ageSeconds: rows[0]?.age ?? 0 };
}

/** Forgets sightings of what is no orphan (any more). */
export async function forgetOrphansExcept(db: Db, provider: string, tokens: readonly string[]): Promise<void> {
  await db
    .deleteFrom('orphan_sightings')
    .where('provider', '=', provider)
    .where((eb) => (tokens.length === 0 ? eb.lit(true) : eb('token', 'not in', [...tokens])))
    .execute();
}

/** Endpoints that must have a running lifecycle; those with nodes first, because they cost money. */
export async function endpointsNeedingLifecycle(db: Db): Promise<{ id: string }[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM endpoints e WHERE deleted_at IS NULL
    ORDER BY EXISTS (SELECT 1 FROM nodes n WHERE n.endpoint_id = e.id AND n.state <> 'terminated') DESC, id`.execute(
    db,
  );
  return rows;
}

/** Mails that are still unsent after a while, whose delivery may have been lost. */
export async function unsentMails(db: Db, olderThanSeconds: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM mail_outbox WHERE sent_at IS NULL
      AND created_at < now() - make_interval(secs => ${olderThanSeconds})
      AND created_at > now() - interval '2 days' LIMIT 100`.execute(db);
  return rows.map((row) => row.id);
}
