/**
 * Reading JSON that strangers wrote. Hub repositories hold whatever their owners put there: negative sizes, NaN,
 * 1e308, strings for numbers, a thousand levels of nesting. Each reader looks one level deep and answers with a
 * value in bounds or null; none throws, and nothing but a finite number in bounds ever gets into a sum.
 */
export type JsonRecord = Readonly<Record<string, unknown>>;

export function readRecord(value: unknown): JsonRecord | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : null;
}

/** Own fields only, so that `__proto__` and `constructor` are not found. */
export function field(record: JsonRecord | null, name: string): unknown {
  return record && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** A whole number of 1 … max, else null. */
export function readCount(value: unknown, max: number): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max ? value : null;
}

/** A size of 0 … 2^50 bytes, else null: a petabyte is no model. */
export function readBytes(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 2 ** 50 ? value : null;
}

/** The first of several names that holds a count in bounds. */
export function countOf(record: JsonRecord | null, names: readonly string[], max: number): number | null {
  for (const name of names) {
    const count = readCount(field(record, name), max);
    if (count !== null) return count;
  }
  return null;
}

/** Lower case, at most 128 characters. */
export function readWord(value: unknown): string | null {
  return typeof value === 'string' && value.length > 0 && value.length <= 128 ? value.toLowerCase() : null;
}

/** At most `max` items, else null: lists of layers are short. */
export function readList(value: unknown, max: number): readonly unknown[] | null {
  return Array.isArray(value) && value.length > 0 && value.length <= max ? value : null;
}
