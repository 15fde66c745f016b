/**
 * The plan for a model on GPUs: the cheapest tier that runs the stated workload with a margin, why, and what else
 * would do. A user may name the tier; then it only has to fit, and settings that give up speed are allowed.
 */
import { UserError } from '../errors.ts';
import { runtimeFlags } from '../runtime-flags.ts';
import { type GpuTier, byCost, placementsOf } from '../tiers.ts';
import { explainTier, tooLarge, undetermined, unsupported } from './explain.ts';
import { type EvaluateOptions, type TierFit, canRun, evaluateTier } from './evaluate-tier.ts';
import { longestContext } from './longest-context.ts';
import type { ModelMemory, Workload } from './memory.ts';
import type { ModelFacts, SizingAlternative, SizingPlan } from './plan.ts';
import { UNQUANTIZED } from './quantization.ts';
import { unsizedPlan } from './unsized-plan.ts';
import { volumeGiB } from './volume.ts';
import { totalBytes } from './weights.ts';

export interface SizingOptions {
  /** The tiers of this installation (gpuTiersFor). */
  tiers: readonly GpuTier[];
  /** A tier that the user asked for; null to choose. */
  tier?: string | null;
  /** Tokens per sequence; null for the default workload. */
  contextLength?: number | null;
  /** Sequences at once; null for the default of 4. */
  targetConcurrency?: number | null;
  /** Keep the KV cache in 8 bits where the GPU can: half the memory, slightly less exact. */
  fp8KvCache?: boolean;
  /** Whether the owner's policy lets a repository's own Python code run. */
  trustRemoteCode?: boolean;
}

export const DEFAULT_CONTEXT_LENGTH = 8192;
export const DEFAULT_SEQUENCES = 4;
const GPU_MEMORY_UTILIZATION = 0.9;
/** A size taken from a name must leave a tenth of the card. */
const MARGIN_SHARE_BY_NAME = 0.1;
const ALTERNATIVES_MAX = 4;

/**
 * @throws UserError `hardware_undetermined` when nothing tells the model's size and no tier is named,
 *   `model_unsupported` when no GPU here can run its format, `model_too_large` with the numbers
 */
export function planSizing(facts: ModelFacts, options: SizingOptions): SizingPlan {
  const model = modelMemory(facts);
  const tiers = options.tiers.toSorted(byCost);
  const asked = options.tier ? tiers.find((tier) => tier.id === options.tier) : undefined;
  if (options.tier && !asked) {
    throw new UserError(
      'invalid_request',
      `There is no tier "${options.tier}" here. Choose one of ${tiers.map(({ id }) => id).join(', ')}.`,
    );
  }
  if (!(model.weightsBytes > 0)) {
    if (!asked) throw undetermined(facts);
    return unsizedPlan(facts, asked, options.targetConcurrency ?? DEFAULT_SEQUENCES);
  }
  const workload = workloadOf(model, options);
  const evaluate: EvaluateOptions = {
    gpuMemoryUtilization: GPU_MEMORY_UTILIZATION,
    fp8KvCache: options.fp8KvCache ?? false,
    marginShareMin: facts.source === 'name-hint' ? MARGIN_SHARE_BY_NAME : 0,
    stretch: false,
  };
  const verdicts = tiers.map((tier) => evaluateTier(tier, model, workload, evaluate));
  const runnable = verdicts.filter(canRun);
  const roomy = runnable.filter(({ fit, requiredMarginBytes }) => fit.fits && fit.marginBytes >= requiredMarginBytes);
  if (asked) {
    const verdict = evaluateTier(asked, model, workload, { ...evaluate, stretch: true });
    if (!canRun(verdict)) throw unsupported(facts, [verdict]);
    if (!verdict.fit.fits) throw tooLarge(facts, verdict, workload, roomy[0]?.tier ?? null);
    return planOn(verdict, facts, model, workload, roomy, options);
  }
  const chosen = roomy[0];
  if (chosen) return planOn(chosen, facts, model, workload, roomy, options);
  const largest = runnable.reduce<TierFit | null>(
    (best, next) => (best === null || next.fit.marginBytes > best.fit.marginBytes ? next : best),
    null,
  );
  if (!largest)
    throw unsupported(
      facts,
      verdicts.filter((verdict) => !canRun(verdict)),
    );
  throw tooLarge(facts, largest, workload, null);
}

/** The part of the facts that memory follows from. */
export function modelMemory(facts: ModelFacts): ModelMemory {
  const quantization = facts.quantization ?? UNQUANTIZED;
  const weightsBytes = facts.weightsBytes ?? totalBytes(facts.files);
  return {
    weightsBytes,
    shape: facts.shape ?? null,
    parameters: facts.parameters ?? (weightsBytes * 8) / quantization.bitsPerParameter,
    quantization,
  };
}

function workloadOf(model: ModelMemory, options: SizingOptions): Workload {
  const limit = model.shape?.maxPosition ?? Number.POSITIVE_INFINITY;
  return {
    contextLength: Math.min(options.contextLength ?? DEFAULT_CONTEXT_LENGTH, limit),
    sequences: options.targetConcurrency ?? DEFAULT_SEQUENCES,
  };
}

function planOn(
  chosen: TierFit,
  facts: ModelFacts,
  model: ModelMemory,
  workload: Workload,
  roomy: readonly TierFit[],
  options: SizingOptions,
): SizingPlan {
  const { tier, fit, settings } = chosen;
  const { memory } = fit;
  const contextLength = longestContext(model, chosen, workload);
  const perNode = (bytes: number) => Math.ceil(bytes * tier.gpuCount);
  const overheadBytes = perNode(
    memory.activationBytes + memory.cudaContextBytes + memory.ncclBytes + memory.graphBytes,
  );
  const [weightsBytes, kvCacheBytes] = [perNode(memory.weightsBytes), perNode(memory.kvCacheBytes)];
  return {
    model: facts.model,
    revision: facts.revision,
    source: facts.source,
    tier: tier.id,
    tensorParallel: settings.tensorParallel,
    weightsBytes,
    kvCacheBytes,
    overheadBytes,
    requiredMemoryBytes: weightsBytes + kvCacheBytes + overheadBytes,
    usableMemoryBytes: perNode(memory.usableMemoryBytes),
    contextLength,
    concurrency: workload.sequences,
    volumeGiB: volumeGiB(model.weightsBytes, facts.format === 'gguf'),
    files: facts.files,
    candidates: placementsOf(tier),
    reasons: explainTier(chosen, facts, workload, contextLength),
    confidence: facts.confidence ?? 'medium',
    workload,
    memoryPerGpu: memory,
    marginBytesPerGpu: fit.marginBytes,
    usdMicrosPerHour: tier.usdMicrosPerHour,
    priceSource: tier.priceSource,
    priceDate: tier.priceDate,
    alternatives: roomy
      .filter((other) => other.tier.id !== tier.id)
      .slice(0, ALTERNATIVES_MAX)
      .map(alternative),
    runtimeFlags: runtimeFlags({
      model: facts.model,
      shape: model.shape,
      format: facts.format ?? null,
      settings,
      expertParallel: chosen.expertParallel,
      contextLength,
      trustRemoteCode: (facts.needsRemoteCode ?? false) && (options.trustRemoteCode ?? false),
    }),
    warnings: [...chosen.warnings, ...(facts.needsRemoteCode && !options.trustRemoteCode ? [REMOTE_CODE] : [])],
  };
}

const REMOTE_CODE =
  'the repository asks to run its own Python code, which is off: the runtime uses its own implementation of the model, or fails if it has none';

function alternative({ tier, fit, settings }: TierFit): SizingAlternative {
  return {
    tier: tier.id,
    title: tier.title,
    tensorParallel: settings.tensorParallel,
    marginBytesPerGpu: fit.marginBytes,
    usdMicrosPerHour: tier.usdMicrosPerHour,
    priceSource: tier.priceSource,
    priceDate: tier.priceDate,
  };
}
