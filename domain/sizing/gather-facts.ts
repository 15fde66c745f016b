/**
 * From what the Hub said of a model, each piece perhaps missing or hostile, to facts. Bytes are taken from the
 * surest source there is: sizes of the chosen files; then counted parameters, where they are stored as they are
 * counted (quantized repositories count logical parameters, up to eight times what is stored); then the name.
 */
import { UserError } from '../errors.ts';
import { languageConfig, readModelShape } from './model-shape.ts';
import { hintFromName } from './name-hints.ts';
import { field, readBytes, readRecord } from './narrow.ts';
import type { ModelFacts, WeightsFile } from './plan.ts';
import { type Quantization, isQuantized, readQuantization } from './quantization.ts';
import { gib } from './units.ts';
import { chooseWeights, isAdapter, totalBytes } from './weights.ts';

export interface HubEvidence {
  model: string;
  revision: string | null;
  /** The listing at `revision`; null when it could not be had. */
  files: readonly WeightsFile[] | null;
  /** Parsed JSON files of the repository; null when absent or unreadable (gated). */
  index: unknown;
  config: unknown;
  modelopt: unknown;
  /** `safetensors` of the model's info: counts by dtype. Public even where files are gated. */
  safetensors: unknown;
  pipelineTag: string | null;
  /** For an adapter: the facts of its base model; null when there are none. */
  base?: ModelFacts | null;
}

/** What a chat or embedding endpoint can serve; the Hub's words. */
const TASKS: ReadonlySet<string> = new Set([
  'text-generation',
  'image-text-to-text',
  'any-to-any',
  'feature-extraction',
  'sentence-similarity',
  'text-ranking',
  // Older names of the same.
  'text2text-generation',
  'conversational',
]);

/** Planning these fails with `hardware_undetermined`, unless the user names the tier. */
const UNKNOWN_SIZE = {
  source: 'name-hint',
  weightsBytes: 0,
  weightsSource: 'nothing',
  parameters: 0,
  confidence: 'low',
} as const satisfies Partial<ModelFacts>;

/** @throws UserError `model_unsupported` for other kinds of model */
export function gatherFacts(evidence: HubEvidence): ModelFacts {
  const { model, pipelineTag } = evidence;
  if (pipelineTag !== null && !TASKS.has(pipelineTag)) {
    throw new UserError(
      'model_unsupported',
      `${model} is a model for ${pipelineTag}, which an OpenAI-compatible chat or embeddings endpoint cannot serve. Name a text-generation, image-text-to-text or embedding model.`,
    );
  }
  const files = evidence.files ?? [];
  if (isAdapter(files)) return adapterFacts(evidence, files);
  const shape = readModelShape(evidence.config);
  const quantization = readQuantization(
    [readRecord(evidence.config), languageConfig(evidence.config)],
    evidence.modelopt,
  );
  const chosen = chooseWeights(files, evidence.index);
  const common = {
    model,
    revision: evidence.revision,
    shape,
    needsRemoteCode: readRecord(field(readRecord(evidence.config), 'auto_map')) !== null,
  };
  // One size that cannot be true and the sum says nothing.
  const isSized = chosen?.files.every((file) => readBytes(file.sizeBytes) !== null) ?? false;
  const chosenBytes = chosen && isSized ? totalBytes(chosen.files) : 0;
  if (chosen && chosenBytes > 0) {
    const stored = quantizationOfFiles(evidence, quantization, chosen.format === 'gguf');
    return {
      ...common,
      files: chosen.files,
      source: 'metadata',
      weightsBytes: chosenBytes,
      weightsSource: `the sizes of ${chosen.files.length} file(s) (${chosen.format})`,
      parameters: countedParameters(evidence.safetensors) ?? (chosenBytes * 8) / stored.bitsPerParameter,
      quantization: stored,
      format: chosen.format,
      confidence: shape ? 'high' : 'medium',
      notes: shape ? [] : ['config.json could not be read: the KV cache is a bound by parameters'],
    };
  }
  return { ...common, files: [], format: null, ...withoutFiles(evidence, quantization) };
}

/** Without a readable config the name may still tell the format, which decides what hardware can run it. */
function quantizationOfFiles(evidence: HubEvidence, read: Quantization, isGguf: boolean): Quantization {
  const named = hintFromName(evidence.model)?.quantization ?? null;
  if (isGguf) return named?.format === 'gguf' ? named : { ...read, format: 'gguf', bitsPerParameter: 4.9 };
  return readRecord(evidence.config) === null && named !== null && named.format !== 'gguf' ? named : read;
}

function withoutFiles(
  evidence: HubEvidence,
  quantization: Quantization,
): Pick<
  ModelFacts,
  'source' | 'weightsBytes' | 'weightsSource' | 'parameters' | 'quantization' | 'confidence' | 'notes'
> {
  const hint = hintFromName(evidence.model);
  const counted = countedBytes(evidence.safetensors);
  const isPlain = !isQuantized(quantization) && !(hint && isQuantized(hint.quantization));
  if (counted !== null && isPlain) {
    return {
      source: 'metadata',
      weightsBytes: counted.bytes,
      weightsSource: 'the parameters that the Hub counted',
      parameters: counted.parameters,
      quantization,
      confidence: 'medium',
      notes: ['the files could not be listed: their size follows from the parameters that the Hub counted'],
    };
  }
  if (!hint)
    return { ...UNKNOWN_SIZE, quantization, notes: ['its files cannot be read and its name does not tell its size'] };
  // A config tells the format better than a name does.
  const stored = isQuantized(quantization) ? quantization : hint.quantization;
  return {
    source: 'name-hint',
    weightsBytes: Math.ceil(((hint.parameters * stored.bitsPerParameter) / 8) * 1.1),
    weightsSource: hint.from === 'family-table' ? 'the published size of this model' : 'the size in its name',
    parameters: hint.parameters,
    quantization: stored,
    confidence: hint.from === 'family-table' ? 'medium' : 'low',
    notes: ['the files cannot be read: sized by name, with a tenth on top'],
  };
}

function adapterFacts(evidence: HubEvidence, files: readonly WeightsFile[]): ModelFacts {
  const { base, model } = evidence;
  if (!base) {
    const notes = ['it is an adapter, and the model that it belongs to cannot be read'];
    return { ...UNKNOWN_SIZE, model, revision: evidence.revision, files: [], format: null, notes };
  }
  const own = files.filter((file) => /^adapter_model.*\.(safetensors|bin)$/.test(file.path));
  const baseBytes = base.weightsBytes ?? totalBytes(base.files);
  return {
    ...base,
    model,
    revision: evidence.revision,
    files: [...base.files, ...own],
    weightsBytes: baseBytes + totalBytes(own),
    notes: [...(base.notes ?? []), `an adapter of ${gib(totalBytes(own))} on ${base.model}, which is sized with it`],
  };
}

/** Bytes per element by safetensors dtype; 2 for one that is not here. */
// biome-ignore format: one row per size
const ELEMENT_BYTES: ReadonlyMap<string, number> = new Map([
  ['F64', 8], ['I64', 8], ['U64', 8],
  ['F32', 4], ['I32', 4], ['U32', 4],
  ['F8_E4M3', 1], ['F8_E5M2', 1], ['I8', 1], ['U8', 1], ['BOOL', 1],
]);

function countedBytes(safetensors: unknown): { bytes: number; parameters: number } | null {
  const counts = readRecord(field(readRecord(safetensors), 'parameters'));
  if (!counts) return null;
  let bytes = 0;
  let parameters = 0;
  for (const [dtype, value] of Object.entries(counts).slice(0, 32)) {
    const count = readBytes(value);
    if (count === null) return null;
    parameters += count;
    bytes += count * (ELEMENT_BYTES.get(dtype) ?? 2);
  }
  return bytes > 0 && bytes <= 2 ** 50 ? { bytes, parameters } : null;
}

function countedParameters(safetensors: unknown): number | null {
  const total = readBytes(field(readRecord(safetensors), 'total'));
  return total === null || total === 0 ? null : total;
}
