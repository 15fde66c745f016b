/**
 * Encrypts workflow payloads and failure texts (AES-256-GCM), so that whoever can read the Temporal
 * database or its Web UI cannot read them. Off in development, where the readable history is worth more;
 * secrets never enter a payload either way.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import { ValueError } from '@temporalio/common';
import proto from '@temporalio/proto';

// The package is CommonJS without named exports that Node could see.
const { temporal } = proto;

const ENCODING = 'binary/hypervize-aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @param key 32 bytes, or null for readable payloads */
export function dataConverterFor(key: Buffer | null): DataConverter {
  if (!key) return {};
  return {
    payloadCodecs: [new AesGcmCodec(key)],
    failureConverterPath: new URL('./failure-converter.ts', import.meta.url).pathname,
  };
}

class AesGcmCodec implements PayloadCodec {
  readonly #key: Buffer;
  readonly #keyId: string;

  constructor(key: Buffer) {
    this.#key = key;
    this.#keyId = createHash('sha256').update(key).digest('hex').slice(0, 8);
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES });
      const plain = temporal.api.common.v1.Payload.encode(payload).finish();
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return {
        metadata: { encoding: Buffer.from(ENCODING), 'key-id': Buffer.from(this.#keyId) },
        data: Buffer.concat([nonce, cipher.getAuthTag(), body]),
      };
    });
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      if (!payload.metadata || Buffer.from(payload.metadata['encoding'] ?? []).toString() !== ENCODING) return payload;
      const keyId = Buffer.from(payload.metadata['key-id'] ?? []).toString();
      if (keyId !== this.#keyId)
        throw new ValueError(`payload was encrypted with key ${keyId}, which is not configured`);
      const sealed = Buffer.from(payload.data ?? []);
      const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const plain = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
      return temporal.api.common.v1.Payload.decode(plain);
    });
  }
}
