import { describe, expect, it } from '@jest/globals';
import { chooseWeights, isAdapter, totalBytes } from '../../../domain/sizing/weights.ts';
import { file } from './support.ts';

const shards = [file('model-00001-of-00002.safetensors', 20), file('model-00002-of-00002.safetensors', 12)];
const index = {
  weight_map: { 'a.weight': 'model-00001-of-00002.safetensors', 'b.weight': 'model-00002-of-00002.safetensors' },
};

function chosen(files: Parameters<typeof chooseWeights>[0], about: unknown = null): [string[], string] | null {
  const set = chooseWeights(files, about);
  return set && [set.files.map(({ path }) => path), set.format];
}

describe('chooseWeights', () => {
  it('takes what the index names and none of the copies beside it', () => {
    const copies = [
      file('consolidated.safetensors', 32),
      file('original/consolidated.00.pth', 32),
      file('pytorch_model.bin', 32),
      file('metal/model.bin', 32),
      file('onnx/model.onnx', 32),
    ];
    expect(totalBytes(chooseWeights([...copies, ...shards], index)?.files ?? [])).toBe(32);
  });

  it.each([
    [
      'model.safetensors before consolidated',
      [file('consolidated.safetensors', 9), file('model.safetensors', 9)],
      ['model.safetensors'],
      'safetensors',
    ],
    [
      'one set of shards where two are whole',
      [...shards, file('other-00001-of-00001.safetensors', 5)],
      shards.map(({ path }) => path),
      'safetensors',
    ],
    [
      'consolidated where there is nothing else',
      [file('consolidated-00001-of-00001.safetensors', 9), file('params.json', 1)],
      ['consolidated-00001-of-00001.safetensors'],
      'consolidated',
    ],
    [
      '.bin without the rests of training',
      [file('pytorch_model.bin', 9), file('training_args.bin', 1), file('optimizer.bin', 20)],
      ['pytorch_model.bin'],
      'pytorch',
    ],
    [
      'one quantization of a GGUF repository',
      [file('m-Q8_0.gguf', 80), file('m-Q4_K_M.gguf', 49)],
      ['m-Q4_K_M.gguf'],
      'gguf',
    ],
  ])('takes %s', (_, files, paths, format) => {
    expect(chosen(files)).toEqual([paths, format]);
  });

  it('does not believe an index whose shards are not there', () => {
    expect(chosen([file('model-00001-of-00002.safetensors', 20)], index)).toBeNull();
    expect(chosen([file('model-00001-of-00002.safetensors', 20), file('pytorch_model.bin', 9)], index)).toEqual([
      ['pytorch_model.bin'],
      'pytorch',
    ]);
  });

  it.each([[null], ['x'], [{ weight_map: 7 }], [{ weight_map: { a: 1 } }], [[]]])('ignores an index of %j', (about) => {
    expect(chosen(shards, about)?.[0]).toHaveLength(2);
  });

  it('finds nothing in a repository without weights', () => {
    expect(chosen([file('README.md', 1), file('onnx/model.onnx', 9)])).toBeNull();
  });

  it('knows an adapter by its config, unless the whole model is there too', () => {
    const adapter = [file('adapter_config.json', 1), file('adapter_model.safetensors', 9)];
    expect(isAdapter(adapter)).toBe(true);
    expect(isAdapter([...adapter, file('model.safetensors', 90)])).toBe(false);
  });
});
