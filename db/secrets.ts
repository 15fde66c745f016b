/**
 * Secrets at rest: AES-256-GCM, one key id and nonce per value, bound to its row and column by the
 * additional data, so that a ciphertext moved to another row does not open.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_BYTES = 4;

/** Keys by which values may have been sealed; the first seals new ones, all of them open. */
export class SecretBox {
  readonly #keys: { id: Buffer; key: Buffer }[];

  /** @param keys 32-byte keys, newest first; more than one during rotation */
  constructor(keys: readonly Buffer[]) {
    if (keys.length === 0 || keys.some((key) => key.length !== 32))
      throw new RangeError('secret keys must be 32 bytes');
    this.#keys = keys.map((key) => ({ id: createHash('sha256').update(key).digest().subarray(0, KEY_ID_BYTES), key }));
  }

  /** @param where row and column, e.g. `nodes/node-1/secret` */
  seal(plaintext: string, where: string): Buffer {
    const newest = this.#keys[0];
    if (!newest) throw new Error('no secret key');
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', newest.key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(where));
    const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.from([VERSION]), newest.id, nonce, cipher.getAuthTag(), body]);
  }

  /** @throws Error when the key is unknown, the value was altered, or it belongs to another row */
  open(sealed: Buffer, where: string): string {
    if (sealed[0] !== VERSION) throw new Error('sealed value of an unknown version');
    const keyId = sealed.subarray(1, 1 + KEY_ID_BYTES);
    const entry = this.#keys.find((candidate) => candidate.id.equals(keyId));
    if (!entry) throw new Error(`sealed with a key that is not configured (id ${keyId.toString('hex')})`);
    const nonceAt = 1 + KEY_ID_BYTES;
    const tagAt = nonceAt + NONCE_BYTES;
    const bodyAt = tagAt + TAG_BYTES;
    // Without the length, a tag that was cut short would be compared as far as it goes.
    const decipher = createDecipheriv('aes-256-gcm', entry.key, sealed.subarray(nonceAt, tagAt), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(where));
    decipher.setAuthTag(sealed.subarray(tagAt, bodyAt));
    return Buffer.concat([decipher.update(sealed.subarray(bodyAt)), decipher.final()]).toString('utf8');
  }
}

/** Where each kind of secret lives, so that sealing and opening always agree. */
export const secretPlace = {
  node: (nodeId: string) => `nodes/${nodeId}/secret`,
  endpoint: (endpointId: string, name: string) => `endpoint_secrets/${endpointId}/${name}`,
};
