/**
 * Which files of a repository are the weights that a GPU runtime loads. Repositories hold the same weights two or
 * three times (consolidated.safetensors, original/, pytorch_model.bin, metal/): summing everything is 3 to 4 times
 * too much (gpt-oss-20b 41.3 GB instead of 13.8).
 *
 * Order: what the index names; model.safetensors; one set of root shards; consolidated*; *.bin; else a GGUF group.
 */
import { chooseGguf } from './gguf-files.ts';
import { field, readRecord } from './narrow.ts';
import type { FileFormat, WeightsFile } from './plan.ts';

export interface ChosenWeights {
  files: readonly WeightsFile[];
  format: FileFormat;
}

const SHARD = /^(?<stem>[^/]+)-(?<part>\d{5})-of-(?<count>\d{5})\.safetensors$/;
/** Not weights of the model, though they end in .bin. */
const OTHER_BIN = /^(training_args|optimizer|scheduler|random_states|rng_state|adapter_model|sentencepiece)/i;

/**
 * @param index model.safetensors.index.json, or null when there is none or it was not read
 * @returns null when the repository holds no weights that are known here
 */
export function chooseWeights(files: readonly WeightsFile[], index: unknown = null): ChosenWeights | null {
  const root = files.filter((file) => !file.path.includes('/'));
  const named = namedByIndex(root, index);
  if (named.length > 0) return { files: named, format: 'safetensors' };
  const single = root.filter((file) => file.path === 'model.safetensors');
  if (single.length > 0) return { files: single, format: 'safetensors' };
  const shards = oneShardSet(root);
  if (shards.length > 0) return { files: shards, format: 'safetensors' };
  const consolidated = root.filter((file) => /^consolidated.*\.safetensors$/.test(file.path));
  if (consolidated.length > 0) return { files: consolidated, format: 'consolidated' };
  const bin = root.filter((file) => file.path.endsWith('.bin') && !OTHER_BIN.test(file.path));
  if (bin.length > 0) return { files: bin, format: 'pytorch' };
  const gguf = chooseGguf(files);
  return gguf.length > 0 ? { files: gguf, format: 'gguf' } : null;
}

/** Empty unless every file that the index names is there: an index without its shards says nothing. */
function namedByIndex(root: readonly WeightsFile[], index: unknown): WeightsFile[] {
  const map = readRecord(field(readRecord(index), 'weight_map'));
  if (!map) return [];
  const names = new Set(Object.values(map).filter((name): name is string => typeof name === 'string'));
  const present = root.filter((file) => names.has(file.path));
  return present.length === names.size ? present : [];
}

/** The shards of one prefix, `model` before others, the smallest set of those that are whole. */
function oneShardSet(root: readonly WeightsFile[]): WeightsFile[] {
  const sets = new Map<string, { stem: string; wanted: number; parts: WeightsFile[] }>();
  for (const file of root) {
    const { stem, count } = SHARD.exec(file.path)?.groups ?? {};
    if (stem === undefined || stem.startsWith('consolidated')) continue;
    const key = `${stem}/${count}`;
    const set = sets.get(key) ?? { stem, wanted: Number(count), parts: [] };
    set.parts.push(file);
    sets.set(key, set);
  }
  const whole = [...sets.values()].filter((set) => set.parts.length === set.wanted);
  whole.sort(
    (a, b) => Number(b.stem === 'model') - Number(a.stem === 'model') || totalBytes(a.parts) - totalBytes(b.parts),
  );
  return whole[0]?.parts ?? [];
}

export function totalBytes(files: readonly WeightsFile[]): number {
  return files.reduce((sum, file) => sum + file.sizeBytes, 0);
}

/** Whether the repository is only an adapter (LoRA): its base model is what needs the memory. */
export function isAdapter(files: readonly WeightsFile[]): boolean {
  return files.some((file) => file.path === 'adapter_config.json') && chooseWeights(files) === null;
}
