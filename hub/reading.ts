/** What is read of a model, and how the parts of it that others wrote are cut to what may be kept. */
import type { HubEvidence } from '../domain/sizing/gather-facts.ts';
import { field, readRecord, readWord } from '../domain/sizing/narrow.ts';
import type { WeightsFile } from '../domain/sizing/plan.ts';

export interface ModelReading {
  evidence: HubEvidence;
  state: RepositoryState;
  /** Why part of it is missing: this token may not read it, or it could not be made sense of. */
  trouble: 'denied' | 'unusable' | null;
}

/** What a reading stands and falls with: unchanged, all that was read of it is unchanged. */
export interface RepositoryState {
  commit: string | null;
  gated: boolean;
  private: boolean;
}

const NESTING_MAX = 64;

/** Parsed, or null when it is no JSON, or nested so deeply that walking through it could end the process. */
export function parseJson(text: string): unknown {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (inText) {
      if (char === '\\') at += 1;
      else if (char === '"') inText = false;
    } else if (char === '"') inText = true;
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') depth -= 1;
    if (depth > NESTING_MAX) return null;
  }
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A file that sizing looks at. Anything else of a repository is not kept. */
export function isOfInterest(path: string): boolean {
  return /\.(safetensors|bin|gguf)$/i.test(path) || OWN_JSON.has(path);
}

const OWN_JSON = new Set([
  'config.json',
  'hf_quant_config.json',
  'adapter_config.json',
  'model.safetensors.index.json',
]);

/** A size that cannot be one becomes -1, which sizing takes for unknown: leaving the file out would say "smaller". */
export function readFileEntry(entry: unknown): WeightsFile | null {
  const record = readRecord(entry);
  const [type, path, size] = [field(record, 'type'), field(record, 'path'), field(record, 'size')];
  if (type !== 'file' || typeof path !== 'string' || path.length > 1024) return null;
  const oid = field(readRecord(field(record, 'lfs')), 'oid');
  return {
    path,
    sizeBytes: typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : -1,
    sha256: typeof oid === 'string' && /^[0-9a-f]{64}$/.test(oid) ? oid : null,
  };
}

/** Of an index only the names of the shards matter; the map of tensors to them may be megabytes. */
export function shardNames(index: unknown): unknown {
  const map = readRecord(field(readRecord(index), 'weight_map'));
  if (!map) return null;
  const names = new Set(Object.values(map).filter((name) => typeof name === 'string'));
  return { weight_map: Object.fromEntries([...names].map((name) => [name, name])) };
}

/** The counts by dtype and their total, at most 32 of them. */
export function parameterCounts(safetensors: unknown): unknown {
  const record = readRecord(safetensors);
  if (!record) return null;
  const parameters = readRecord(field(record, 'parameters'));
  const counts = Object.entries(parameters ?? {}).slice(0, 32);
  return { parameters: parameters ? Object.fromEntries(counts) : null, total: field(record, 'total') };
}

export function readState(info: { sha?: unknown; gated?: unknown; private?: unknown }): RepositoryState {
  const { sha, gated } = info;
  return {
    commit: typeof sha === 'string' && /^[0-9a-f]{40}$/.test(sha) ? sha : null,
    gated: gated !== false && gated !== undefined && gated !== null,
    private: info.private === true,
  };
}

export function readTask(task: unknown): string | null {
  return readWord(task);
}

/** The model that this one was made from, by its card or its tags. */
export function baseModelOf(cardData: unknown, tags: unknown): string | null {
  const named = field(readRecord(cardData), 'base_model');
  const first: unknown = Array.isArray(named) ? named[0] : named;
  if (typeof first === 'string') return first;
  const tag = (Array.isArray(tags) ? tags : []).find(
    (one): one is string => typeof one === 'string' && one.startsWith('base_model:'),
  );
  return tag?.split(':').at(-1) ?? null;
}
