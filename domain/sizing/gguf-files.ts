/**
 * Which files of a GGUF repository to load. Such repositories hold the same model many times over, one
 * file (or group of parts) per quantization; loading one is right, loading all would be ten times too big.
 */
import type { WeightsFile } from './plan.ts';

/** Best compromise of size and quality first; anything unnamed comes after these, smallest first. */
const PREFERENCE = [
  'Q4_K_M',
  'Q4_K_S',
  'Q4_1',
  'Q4_0',
  'Q5_K_M',
  'Q5_K_S',
  'Q6_K',
  'Q8_0',
  'IQ4_XS',
  'Q3_K_M',
  'Q2_K',
  'BF16',
  'F16',
];
const PART = /^(?<stem>.*)-\d{5}-of-(?<count>\d{5})\.gguf$/i;
/** Not weights of a language model by themselves. */
const COMPANION = /mmproj|imatrix/i;

/** The chosen group in the order its parts must be loaded; empty when there is no usable GGUF file. */
export function chooseGguf(files: readonly WeightsFile[]): WeightsFile[] {
  const groups = new Map<string, { parts: WeightsFile[]; partsWanted: number }>();
  for (const file of files) {
    if (!/\.gguf$/i.test(file.path) || COMPANION.test(file.path)) continue;
    const part = PART.exec(file.path)?.groups;
    const key = part?.['stem'] ?? file.path;
    const group = groups.get(key) ?? { parts: [], partsWanted: part ? Number(part['count']) : 1 };
    group.parts.push(file);
    groups.set(key, group);
  }
  const whole = [...groups].filter(([, group]) => group.parts.length === group.partsWanted);
  whole.sort(
    ([a, groupA], [b, groupB]) => rank(a) - rank(b) || size(groupA.parts) - size(groupB.parts) || a.localeCompare(b),
  );
  return whole[0]?.[1].parts.toSorted((a, b) => a.path.localeCompare(b.path)) ?? [];
}

function rank(name: string): number {
  const upper = name.toUpperCase();
  const at = PREFERENCE.findIndex((quantization) =>
    new RegExp(`(^|[^A-Z0-9])${quantization}([^A-Z0-9_]|$)`).test(upper),
  );
  return at === -1 ? PREFERENCE.length : at;
}

function size(parts: readonly WeightsFile[]): number {
  return parts.reduce((sum, part) => sum + part.sizeBytes, 0);
}
