/**
 * Sizing for the local provider: a GGUF model on this machine's CPU.
 */
import { UserError } from '../errors.ts';
import type { MachineMemory, ModelFacts, SizingPlan } from './plan.ts';

const GIB = 2 ** 30;
const DEFAULT_CONTEXT_LENGTH = 2048;

/**
 * A bound for one token's KV cache when the model's shape is not known: 24 KiB for small models, growing
 * with the square root of the weights (0.25 MiB per token at 32 B parameters in 4 bit, about 18 GiB).
 */
function kvBytesPerTokenBound(weightsBytes: number): number {
  const scaled = 0.25 * 2 ** 20 * Math.sqrt(weightsBytes / (18 * GIB));
  return Math.min(Math.max(scaled, 24 * 1024), 328 * 1024);
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
  const weightsBytes = facts.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (weightsBytes <= 0) {
    throw new UserError(
      'model_no_gguf',
      `${facts.model} has no GGUF file, and this machine runs GGUF models only. Name a GGUF repository of the model (look for one ending in -GGUF), or deploy to a cloud provider.`,
    );
  }
  const contextLength = wish.contextLength ?? DEFAULT_CONTEXT_LENGTH;
  const kvCacheBytes = Math.ceil(kvBytesPerTokenBound(weightsBytes) * contextLength * wish.concurrency);
  const overheadBytes = Math.ceil(0.15 * GIB + weightsBytes * 0.02);
  const requiredMemoryBytes = weightsBytes + kvCacheBytes + overheadBytes;
  const reasons = [
    `weights ${gib(weightsBytes)} from ${facts.files.length} file(s)`,
    `KV cache ${gib(kvCacheBytes)} for ${wish.concurrency} × ${contextLength} tokens (upper bound)`,
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
    kvCacheBytes,
    overheadBytes,
    requiredMemoryBytes,
    usableMemoryBytes: machine.usableMemoryBytes,
    contextLength,
    concurrency: wish.concurrency,
    volumeGiB: Math.ceil((weightsBytes * 1.05) / GIB) + 1,
    files: facts.files,
    candidates: machine.candidates,
    reasons,
  };
}

function gib(bytes: number): string {
  return bytes >= GIB ? `${(bytes / GIB).toFixed(1)} GiB` : `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
