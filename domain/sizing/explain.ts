/** The sentences of a plan, and of its failures: always with numbers, and with what to do. */
import { UserError } from '../errors.ts';
import type { GpuTier } from '../tiers.ts';
import type { TierFit, TierVerdict } from './evaluate-tier.ts';
import type { Workload } from './memory.ts';
import type { ModelFacts } from './plan.ts';
import { gib } from './units.ts';

export function explainTier(chosen: TierFit, facts: ModelFacts, workload: Workload, contextLength: number): string[] {
  const { tier, fit, settings } = chosen;
  const { memory } = fit;
  const each = tier.gpuCount === 1 ? '' : ' per GPU';
  const rest = memory.activationBytes + memory.cudaContextBytes + memory.ncclBytes + memory.graphBytes;
  return [
    `weights ${gib(memory.weightsBytes)}${each}, from ${facts.weightsSource ?? `${facts.files.length} file(s)`}`,
    `KV cache ${gib(memory.kvCacheBytes)}${each} for ${workload.sequences} × ${workload.contextLength} tokens${
      settings.kvBytesPerElement === 1 ? ' in 8 bits' : ''
    }${facts.shape ? '' : ' (a bound: the shape of the model is not known)'}`,
    `activations ${gib(memory.activationBytes)}, CUDA context ${gib(memory.cudaContextBytes)}, NCCL ${gib(memory.ncclBytes)}, graphs ${gib(memory.graphBytes)}: ${gib(rest)}${each}`,
    `${tier.title} has ${gib(memory.usableMemoryBytes)}${each}, of which ${gib(Math.max(0, fit.marginBytes))} stay free (${gib(chosen.requiredMarginBytes)} is the margin asked for)`,
    contextLength > workload.contextLength
      ? `one sequence may have up to ${contextLength} tokens`
      : `sequences are limited to ${contextLength} tokens`,
    ...(settings.enforceEager ? ['CUDA graphs are off: they would not fit beside the rest'] : []),
    ...(facts.notes ?? []),
  ];
}

export function undetermined(facts: ModelFacts): UserError {
  const why = facts.notes?.join('; ') || 'nothing tells its size';
  return new UserError(
    'hardware_undetermined',
    `No hardware can be chosen for ${facts.model}: ${why}. Name the tier yourself, or add a token (huggingFaceToken) that may read its files.`,
  );
}

export function unsupported(facts: ModelFacts, verdicts: readonly TierVerdict[]): UserError {
  const problems = new Set(verdicts.flatMap((verdict) => ('problem' in verdict ? [verdict.problem] : [])));
  const why = [...problems].slice(0, 3).join('; ') || 'this installation has no GPU tier';
  return new UserError('model_unsupported', `${facts.model} cannot run on the hardware that there is: ${why}.`, {
    details: { problems: [...problems] },
  });
}

/** @param smallest the cheapest tier that would do, null when there is none */
export function tooLarge(facts: ModelFacts, nearest: TierFit, workload: Workload, smallest: GpuTier | null): UserError {
  const { tier, fit } = nearest;
  const { memory } = fit;
  const missing = gib(Math.max(0, nearest.requiredMarginBytes - fit.marginBytes));
  const advice = smallest
    ? `${smallest.title} (${smallest.id}) would do.`
    : 'Choose a smaller or more strongly quantized model, a shorter contextLength, or fewer requests at once (targetConcurrency).';
  return new UserError(
    'model_too_large',
    `${facts.model} does not fit on ${tier.title}: each GPU has ${gib(memory.usableMemoryBytes)} and would need weights ${gib(memory.weightsBytes)}, KV cache ${gib(memory.kvCacheBytes)} (${workload.sequences} × ${workload.contextLength} tokens) and activations ${gib(memory.activationBytes)}; ${missing} are missing. ${advice}`,
    { details: { tier: tier.id, memoryPerGpu: memory, marginBytesPerGpu: fit.marginBytes, workload } },
  );
}
