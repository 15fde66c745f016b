/**
 * What the orphan reaper compares: node records against the provider's list, and endpoints against
 * running workflows.
 */
import { sql } from 'kysely';
import type { ProviderName } from '../domain/endpoint.ts';
import type { Db } from './client.ts';

export async function readInstallationId(db: Db): Promise<string> {
  return (await db.selectFrom('installation').select('id').executeTakeFirstOrThrow()).id;
}

/** Tokens of machines that have a right to exist at a provider. */
export async function wantedTokens(db: Db, provider: ProviderName): Promise<Set<string>> {
  const rows = await db
    .selectFrom('nodes as n')
    .innerJoin('endpoints as e', 'e.id', 'n.endpoint_id')
    .select('n.token')
    .where('n.provider', '=', provider)
    .where('n.state', '<>', 'terminated')
    .where('e.deleted_at', 'is', null)
    .execute();
  return new Set(rows.map((row) => row.token));
}

export async function nodeIdOfToken(db: Db, token: string): Promise<string | null> {
  const row = await db.selectFrom('nodes').select('id').where('token', '=', token).executeTakeFirst();
  return row?.id ?? null;
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

/** A mail tried more often has a delivery of its own, or was refused. */
const MAIL_ATTEMPTS_MAX = 5;

/** Mails that are still unsent after a while, whose delivery may have been lost. */
export async function unsentMails(db: Db, olderThanSeconds: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM mail_outbox WHERE sent_at IS NULL AND attempts < ${MAIL_ATTEMPTS_MAX}
      AND created_at < now() - make_interval(secs => ${olderThanSeconds})
      AND created_at > now() - interval '2 days' ORDER BY created_at LIMIT 100`.execute(db);
  return rows.map((row) => row.id);
}
