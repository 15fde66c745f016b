/**
 * Parameters and bits from a model's name, for when the Hub tells nothing (gated, private, down). Names lie: they
 * hold versions (Llama-3.1), dates (2411), contexts (128k, 1M) and active parameters (A22B), so each is taken out
 * before a size is read, a table of families goes first where the name has no size, and what remains unknown is
 * unknown: the caller must not fall back to the smallest machine.
 *
 * The counter-example is gpustack's first match of `(\d+(\.\d+)?)\s*[Bb]`: "Scout-17B-16E" gives 17 of 109 B.
 */
import { FAMILIES } from './data/families.ts';
import { BITS, type Quantization, type WeightFormat, quantizationOf } from './quantization.ts';

export interface NameHint {
  parameters: number;
  quantization: Quantization;
  /** A table of published numbers is surer than a rule about letters. */
  from: 'family-table' | 'name-rule';
}

/** @returns null when the name does not say */
export function hintFromName(model: string): NameHint | null {
  const name = normalize(model);
  const stated = quantizationInName(name);
  const family = FAMILIES.find(({ pattern }) => pattern.test(name));
  if (family) {
    const quantization = stated ?? quantizationOf(family.format ?? 'bf16', family.bitsPerParameter);
    return { parameters: family.parameters, quantization, from: 'family-table' };
  }
  const parameters = mixtureOf(name) ?? sizeInName(name);
  if (parameters === null) return null;
  return { parameters, quantization: stated ?? quantizationOf('bf16'), from: 'name-rule' };
}

/** Without the owner, lower case. */
function normalize(model: string): string {
  return (model.split('/').at(-1) ?? model).slice(0, 200).toLowerCase();
}

/** `8x7B`: the experts share attention, so the total is less than the product. */
function mixtureOf(name: string): number | null {
  const match = /(?:^|[-_])(\d{1,3})x(\d{1,4}(?:\.\d+)?)b(?=$|[-_.:])/.exec(name);
  if (!match) return null;
  return 0.82 * Number(match[1]) * Number(match[2]) * 1e9;
}

const UNIT: Readonly<Record<string, number>> = { m: 1e6, b: 1e9, t: 1e12 };

/**
 * The last size between separators that is not the active part (A3B), an effective size (E4B), a number of experts
 * (16E) or a context (1M, 128k). A size of millions counts only when it cannot be a context.
 */
function sizeInName(name: string): number | null {
  const text = name
    .replace(/gguf.*$/, '')
    .replace(/-\d{4}(?=$|-)/g, '')
    .replace(/(?:^|[-_])a\d+(?:[._]\d+)?[bm](?=$|[-_.:])/g, '-');
  // Active beside a number of experts: "17B-16E" says nothing of the total.
  if (/\d+b-\d+e(?=$|[-_])|\d+e-\d+b(?=$|[-_])/.test(text)) return null;
  let found: number | null = null;
  for (const match of text.matchAll(/(?:^|[-_]|(?<=[-_])r)(\d{1,4}(?:[._]\d{1,2})?)([bmt])(?=$|[-_.:])/g)) {
    const size = Number((match[1] ?? '').replace('_', '.')) * (UNIT[match[2] ?? ''] ?? 0);
    const isContext = match[2] === 'm' && size < 10e6;
    if (size > 0 && !isContext) found = size;
  }
  return found;
}

/** GGUF names end in their quantization; bits per weight from gguf-parser-go's README, * from memory. */
const GGUF_BITS: readonly [RegExp, number][] = [
  [/(^|[^a-z0-9])iq1/, 1.7],
  [/(^|[^a-z0-9])(iq2|q2)/, 2.7],
  [/(^|[^a-z0-9])(iq3|q3)/, 3.9],
  [/(^|[^a-z0-9])(iq4|q4)/, 4.9],
  [/(^|[^a-z0-9])q5/, 5.7],
  [/(^|[^a-z0-9])q6/, 6.6],
  [/(^|[^a-z0-9])q8/, 8.5],
];

const FORMATS_IN_NAMES: readonly [RegExp, WeightFormat][] = [
  [/nvfp4|(^|[-_.])fp4($|[-_.:])/, 'nvfp4'],
  [/mxfp4/, 'mxfp4'],
  [/awq/, 'int4'],
  [/int8|w8a8|8bit|8-bit/, 'int8'],
  [/gptq|int4|w4a16|4bit|4-bit|nf4|bnb/, 'int4'],
  [/(^|[-_.])fp8|f8(?=$|[-_.])/, 'fp8'],
  [/(^|[-_.])(bf16|fp16|f16)(?=$|[-_.])/, 'bf16'],
];

function quantizationInName(name: string): Quantization | null {
  if (/gguf/.test(name)) {
    const bits = GGUF_BITS.find(([pattern]) => pattern.test(name))?.[1];
    return quantizationOf('gguf', bits ?? BITS.gguf);
  }
  const format = FORMATS_IN_NAMES.find(([pattern]) => pattern.test(name))?.[1];
  return format ? quantizationOf(format) : null;
}
