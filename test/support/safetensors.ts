/** Real safetensors files, small: a header that says what is in it, and as many bytes as it says. */

type Dtype = 'F32' | 'BF16' | 'F16' | 'F8_E4M3' | 'I32' | 'U8' | 'I64';

const BYTES: Record<Dtype, number> = { F32: 4, BF16: 2, F16: 2, F8_E4M3: 1, I32: 4, U8: 1, I64: 8 };

export type Tensors = Readonly<Record<string, readonly [dtype: Dtype, ...shape: number[]]>>;

export function safetensorsFile(tensors: Tensors): Buffer {
  let offset = 0;
  const entries = Object.entries(tensors).map(([name, [dtype, ...shape]]) => {
    const start = offset;
    offset += shape.reduce((product, side) => product * side, BYTES[dtype]);
    return [name, { dtype, shape, data_offsets: [start, offset] }];
  });
  const header = Buffer.from(JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(offset)]);
}

/** Shards of one prefix with their index, as `save_pretrained` writes them. */
export function sharded(shards: readonly Tensors[]): Record<string, Buffer> {
  const number = (at: number) => String(at).padStart(5, '0');
  const name = (at: number) => `model-${number(at + 1)}-of-${number(shards.length)}.safetensors`;
  const weightMap = Object.fromEntries(
    shards.flatMap((tensors, at) => Object.keys(tensors).map((tensor) => [tensor, name(at)])),
  );
  return {
    ...Object.fromEntries(shards.map((tensors, at) => [name(at), safetensorsFile(tensors)])),
    'model.safetensors.index.json': Buffer.from(JSON.stringify({ metadata: {}, weight_map: weightMap })),
  };
}
