/**
 * API keys in memory, by their public id. Only digests are here, never a key.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { KeyRecord } from '../../db/routes.ts';

const BEARER_KEY = /^Bearer +(hvz_([A-Za-z0-9_-]{8})_[A-Za-z0-9_-]{43})$/i;
/** Compared with when there is no such key, so that a miss takes as long as a wrong secret. */
const NO_DIGEST = Buffer.alloc(32);

export class KeyTable {
  readonly #keys = new Map<string, KeyRecord>();

  /** @param ids what was asked for; null means that `records` is everything */
  apply(records: readonly KeyRecord[], ids: readonly string[] | null): void {
    if (ids === null) this.#keys.clear();
    else for (const id of ids) this.#keys.delete(id);
    for (const record of records) this.#keys.set(record.keyId, record);
  }

  /** The public id of a well-formed key that is not in the table: perhaps it is only very new. */
  unknownId(authorization: string): string | null {
    const publicId = BEARER_KEY.exec(authorization)?.[2];
    return publicId !== undefined && !this.#keys.has(publicId) ? publicId : null;
  }

  /** The key that an Authorization header proves, or null: wrong, unknown, revoked, expired or malformed. */
  verify(authorization: string, nowMs: number): KeyRecord | null {
    const match = BEARER_KEY.exec(authorization);
    const key = match?.[1];
    const publicId = match?.[2];
    if (!key || !publicId) return null;
    const record = this.#keys.get(publicId);
    const digest = createHash('sha256').update(key).digest();
    const stored = record?.sha256.length === digest.length ? record.sha256 : NO_DIGEST;
    if (!timingSafeEqual(digest, stored) || !record) return null;
    if (record.expiresAtMs !== null && record.expiresAtMs <= nowMs) return null;
    return record;
  }
}
