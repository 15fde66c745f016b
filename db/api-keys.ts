/**
 * API keys: `hvz_<id>_<secret>`, shown once at creation and kept as SHA-256 of the whole string (a fast
 * hash is right for 256 random bits). The public id finds the row; the digest is compared in constant time.
 */
import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import type { Db, OwnerTx } from './client.ts';
import { OWNER } from './owned.ts';
import { type PageWish, afterCursor, pageOf } from './page.ts';

export const API_KEY_SCOPES = ['inference', 'read', 'manage'] as const;
export type ApiKeyScope = (typeof API_KEY_SCOPES)[number];

const API_KEY = /^hvz_([a-z0-9]{8})_[A-Za-z0-9_-]{43}$/;
const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const ID_LENGTH = 8;
const SECRET_BYTES = 32;
/** Use is recorded at most this often per key, so that a busy key costs no write per request. */
const LAST_USED_SECONDS = 60;

export interface ApiKeyRecord {
  id: string;
  ownerId: string;
  name: string;
  last4: string;
  scopes: ApiKeyScope[];
  /** Null means every endpoint of the owner. */
  endpointIds: string[] | null;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

/** The public id inside a key, or null when the string has not the shape of a key. */
export function apiKeyIdOf(key: string): string | null {
  return API_KEY.exec(key)?.[1] ?? null;
}

export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Makes a new key string; only its hash is kept. */
export function generateApiKey(): { id: string; key: string } {
  const id = Array.from({ length: ID_LENGTH }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join('');
  return { id, key: `hvz_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}` };
}

/**
 * The live key that this string is, or null for every other cause alike: wrong shape, unknown, wrong
 * secret, expired, revoked.
 */
export async function findLiveApiKey(db: Db, key: string): Promise<ApiKeyRecord | null> {
  const id = apiKeyIdOf(key);
  if (!id) return null;
  const row = await db.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirst();
  // The digest is computed and compared whether or not the id exists, so that timing tells nothing.
  const matches = timingSafeEqual(row?.secret_sha256 ?? Buffer.alloc(32), hashApiKey(key));
  if (!row || !matches || row.revoked_at) return null;
  if (row.expires_at && row.expires_at.getTime() <= Date.now()) return null;
  return toRecord(row);
}

/** Records that a key was used, at most once a minute. */
export async function touchApiKey(db: Db, record: Pick<ApiKeyRecord, 'id' | 'lastUsedAt'>, now: Date): Promise<void> {
  const staleBefore = new Date(now.getTime() - LAST_USED_SECONDS * 1000);
  if (record.lastUsedAt && record.lastUsedAt > staleBefore) return;
  await db
    .updateTable('api_keys')
    .set({ last_used_at: now })
    .where('id', '=', record.id)
    .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<=', staleBefore)]))
    .execute();
}

export interface NewApiKey {
  ownerId: string;
  createdBy: string;
  name: string;
  scopes: readonly ApiKeyScope[];
  endpointIds: readonly string[] | null;
  expiresAt: Date | null;
}

/** Stores a new key and returns it in the clear, for the only time. */
export async function insertApiKey(tx: OwnerTx, input: NewApiKey): Promise<{ record: ApiKeyRecord; key: string }> {
  const { id, key } = generateApiKey();
  const row = await tx
    .insertInto('api_keys')
    .values({
      id,
      owner_id: input.ownerId,
      created_by: input.createdBy,
      name: input.name,
      secret_sha256: hashApiKey(key),
      last4: key.slice(-4),
      scopes: [...input.scopes],
      endpoint_ids: input.endpointIds ? [...input.endpointIds] : null,
      expires_at: input.expiresAt,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { record: toRecord(row), key };
}

/** Keys that are not revoked, newest first; expired ones are listed, so that their owner can see why they fail. */
export async function listApiKeys(
  tx: OwnerTx,
  page: PageWish,
): Promise<{ items: ApiKeyRecord[]; nextId: string | null }> {
  const found = await tx
    .selectFrom('api_keys')
    .selectAll()
    .where('owner_id', '=', OWNER)
    .where('revoked_at', 'is', null)
    .where(afterCursor('api_keys', page.afterId))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
  const { rows, nextId } = pageOf(found, page.limit);
  return { items: rows.map(toRecord), nextId };
}

/** Revokes a key at once and for ever; false when the owner has no such key. Safe to repeat. */
export async function revokeApiKey(tx: OwnerTx, id: string): Promise<boolean> {
  const row = await tx
    .selectFrom('api_keys')
    .select('revoked_at')
    .where('id', '=', id)
    .where('owner_id', '=', OWNER)
    .forUpdate()
    .executeTakeFirst();
  if (!row) return false;
  if (!row.revoked_at) await tx.updateTable('api_keys').set({ revoked_at: new Date() }).where('id', '=', id).execute();
  return true;
}

interface ApiKeyRow {
  id: string;
  owner_id: string;
  name: string;
  last4: string;
  scopes: string[];
  endpoint_ids: string[] | null;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
}

function toRecord(row: ApiKeyRow): ApiKeyRecord {
  return {
    id: row.id,
    ownerId: row.owner_id,
    name: row.name,
    last4: row.last4,
    // Anything that is not a scope grants nothing.
    scopes: API_KEY_SCOPES.filter((scope) => row.scopes.includes(scope)),
    endpointIds: row.endpoint_ids,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  };
}
