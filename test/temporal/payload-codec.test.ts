import { describe, expect, it } from '@jest/globals';
import { type PayloadCodec, defaultPayloadConverter } from '@temporalio/common';
import { dataConverterFor } from '../../temporal/payload-codec.ts';

function codecOf(key: Buffer): PayloadCodec {
  const [codec] = dataConverterFor(key).payloadCodecs ?? [];
  if (!codec) throw new Error('no codec');
  return codec;
}

const codec = codecOf(Buffer.alloc(32, 1));
const payload = defaultPayloadConverter.toPayload({ endpointId: 'endpt-000000000000' });

describe('the payload codec', () => {
  it('gives back what it was given, and shows none of it meanwhile', async () => {
    const [sealed] = await codec.encode([payload]);
    expect(Buffer.from(sealed?.data ?? []).toString('latin1')).not.toContain('endpt-');
    expect(await codec.decode([sealed ?? {}])).toMatchObject([payload]);
  });

  it('seals the same payload differently each time', async () => {
    const [first, second] = await codec.encode([payload, payload]);
    expect(Buffer.from(first?.data ?? [])).not.toEqual(Buffer.from(second?.data ?? []));
  });

  it('passes on what was written before it was turned on', async () => {
    expect(await codec.decode([payload])).toEqual([payload]);
  });

  it('says which key is missing, and refuses what was altered', async () => {
    const [sealed] = await codec.encode([payload]);
    await expect(codecOf(Buffer.alloc(32, 2)).decode([sealed ?? {}])).rejects.toThrow(/encrypted with key/);
    const data = Buffer.from(sealed?.data ?? []);
    data.writeUInt8(data.readUInt8(data.length - 1) ^ 1, data.length - 1);
    await expect(codec.decode([{ ...sealed, data }])).rejects.toThrow();
  });

  it('is off without a key', () => {
    expect(dataConverterFor(null)).toEqual({});
  });
});
