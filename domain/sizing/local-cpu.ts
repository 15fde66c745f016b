/**
 * Sizing for the local provider: a GGUF model on this machine's CPU.
 */
import { UserError } from '../errors.ts';
import { kvBytesPerTokenBound, kvCacheBytes } from './kv-cache.ts';
import type { MachineMemory, ModelFacts, SizingPlan } from './plan.ts';
import { GIB, gib } from './units.ts';
import { totalBytes } from './weights.ts';

const DEFAULT_CONTEXT_LENGTH = 2048;
/** llama.cpp reads prompts in steps of this many tokens, which sliding layers hold beside their window. */
const PREFILL_STEP_TOKENS = 2048;
/** Bytes per parameter of a 4-bit GGUF, to bound the KV cache by parameters where the shape is not known. */
const BYTES_PER_PARAMETER = 0.6;

/** Exact where the facts carry the model's shape, else a bound by the size of the weights. */
function kvBytes(facts: ModelFacts, weightsBytes: number, contextLength: number): number {
  const { shape } = facts;
  if (!shape) return kvBytesPerTokenBound(weightsBytes / BYTES_PER_PARAMETER) * contextLength;
  if (shape.isEncoder) return 0;
  const settings = { tensorParallel: 1, bytesPerElement: 2, maxBatchedTokens: PREFILL_STEP_TOKENS } as const;
  return kvCacheBytes(shape.layerGroups, contextLength, settings);
}

/** For a repository whose files cannot be listed but whose name says what they are. */
function bytesByName(facts: ModelFacts): number {
  return facts.quantization?.format === 'gguf' ? (facts.weightsBytes ?? 0) : 0;
}

/**
 * Plans a GGUF model on this machine.
 *
 * @param contextLength tokens per sequence, null for the default of 2,048
 * @param concurrency sequences at once
 * @throws UserError `model_no_gguf` when there is nothing to load, `model_too_large` with the numbers
 */
export function planLocalCpu(
  facts: ModelFacts,
  machine: MachineMemory,
  wish: { contextLength: number | null; concurrency: number },
): SizingPlan {
  const weightsBytes = totalBytes(facts.files) || bytesByName(facts);
  if (weightsBytes <= 0) {
    throw new UserError(
      'model_no_gguf',
      `${facts.model} has no GGUF file, and this machine runs GGUF models only. Name a GGUF repository of the model (look for one ending in -GGUF), or deploy to a cloud provider.`,
    );
  }
  // Beyond what the model was made for it would only answer nonsense and take the memory for it.
  const contextLength = Math.min(
    wish.contextLength ?? DEFAULT_CONTEXT_LENGTH,
    facts.shape?.maxPosition ?? Number.POSITIVE_INFINITY,
  );
  const cacheBytes = Math.ceil(kvBytes(facts, weightsBytes, contextLength) * wish.concurrency);
  const overheadBytes = Math.ceil(0.15 * GIB + weightsBytes * 0.02);
  const requiredMemoryBytes = weightsBytes + cacheBytes + overheadBytes;
  const reasons = [
    `weights ${gib(weightsBytes)} from ${facts.files.length > 0 ? `${facts.files.length} file(s)` : facts.weightsSource}`,
    `KV cache ${gib(cacheBytes)} for ${wish.concurrency} × ${contextLength} tokens${facts.shape ? '' : ' (upper bound)'}`,
    `overhead ${gib(overheadBytes)}`,
    `this machine offers ${gib(machine.usableMemoryBytes)}`,
  ];
  if (requiredMemoryBytes > machine.usableMemoryBytes) {
    throw new UserError(
      'model_too_large',
      `${facts.model} needs about ${gib(requiredMemoryBytes)} of memory and this machine offers ${gib(machine.usableMemoryBytes)}. Choose a smaller model or quantization, a shorter contextLength, or a cloud provider.`,
      { details: { requiredMemoryBytes, usableMemoryBytes: machine.usableMemoryBytes, reasons } },
    );
  }
  return {
    model: facts.model,
    revision: facts.revision,
    source: facts.source,
    tier: machine.tier,
    tensorParallel: 1,
    weightsBytes,
    kvCacheBytes: cacheBytes,
    overheadBytes,
    requiredMemoryBytes,
    usableMemoryBytes: machine.usableMemoryBytes,
    contextLength,
    concurrency: wish.concurrency,
    volumeGiB: Math.ceil((weightsBytes * 1.05) / GIB) + 1,
    files: facts.files,
    candidates: machine.candidates,
    reasons,
    confidence: facts.files.length === 0 ? 'low' : facts.shape ? 'high' : 'medium',
    workload: { contextLength, sequences: wish.concurrency },
    usdMicrosPerHour: 0,
    priceSource: 'your own machine: nothing is billed',
  };
}
