/**
 * One model on one tier: can it run there, with which settings, and how much is left. Whether more context makes a
 * tier drop out must never depend on a setting that itself changes with context, or a longer context could end up on
 * a smaller machine: so the settings tried here follow from the GPU and the number of sequences alone.
 */
import type { GpuTier } from '../tiers.ts';
import { hasFp8KvCache, supportOn } from './hardware-support.ts';
import {
  type Fit,
  type GpuMemory,
  type ModelMemory,
  type RuntimeSettings,
  type Workload,
  fitOnGpu,
  requiredMarginBytes,
} from './memory.ts';
import { cutOver } from './tensor-parallel.ts';
import { GIB } from './units.ts';

export interface TierFit {
  tier: GpuTier;
  gpu: GpuMemory;
  settings: RuntimeSettings;
  expertParallel: boolean;
  fit: Fit;
  /** What the machine must leave to be chosen unasked. */
  requiredMarginBytes: number;
  warnings: readonly string[];
}

export type TierVerdict = TierFit | { tier: GpuTier; problem: string };

export function canRun(verdict: TierVerdict): verdict is TierFit {
  return 'fit' in verdict;
}

const PCIE = 'the GPUs of this tier are joined by PCIe: each request is slower than on a tier with NVLink';

export interface EvaluateOptions {
  gpuMemoryUtilization: number;
  /** Keep the KV cache in 8 bits where the GPU can. */
  fp8KvCache: boolean;
  /** At least this share of each GPU must stay free beside the usual margin (sizing by name is that unsure). */
  marginShareMin: number;
  /** Whether settings may give up speed to fit: eager mode, and an 8-bit KV cache. For tiers that a user asked for. */
  stretch: boolean;
}

export function evaluateTier(
  tier: GpuTier,
  model: ModelMemory,
  workload: Workload,
  options: EvaluateOptions,
): TierVerdict {
  const support = supportOn(tier.computeCapability, model.shape, model.quantization);
  if (support.problem !== null) return { tier, problem: support.problem };
  const cut = cutOver(tier.gpuCount, model.shape, model.quantization);
  if (cut.problem !== null) return { tier, problem: cut.problem };
  const gpu = { usableMemoryBytes: tier.usableMemoryGiBPerGpu * GIB, computeCapability: tier.computeCapability };
  const required = Math.max(requiredMarginBytes(gpu), options.marginShareMin * gpu.usableMemoryBytes);
  const suiting = withGraphsIfTheyFit(model, gpu, suitingSettings(tier, model, workload, options), workload);
  const settled = options.stretch ? stretched(suiting, model, gpu, workload) : suiting;
  return {
    tier,
    gpu,
    ...settled,
    expertParallel: cut.expertParallel,
    requiredMarginBytes: required,
    warnings: [...(support.warning === null ? [] : [support.warning]), ...(tier.hasFastLinks ? [] : [PCIE])],
  };
}

interface Attempt {
  settings: RuntimeSettings;
  fit: Fit;
}

function suitingSettings(
  tier: GpuTier,
  model: ModelMemory,
  workload: Workload,
  options: EvaluateOptions,
): RuntimeSettings {
  const memoryGiB = tier.usableMemoryGiBPerGpu;
  const fp8 = (options.fp8KvCache || model.quantization.fp8KvCache) && hasFp8KvCache(tier.computeCapability);
  // vLLM's own default of 1,024 sequences costs 2.7 GiB with a vocabulary of 201,088 (vllm#23278); Mllama profiles
  // 36.6 GiB of activations at 128 (vllm#12126).
  const suitingSeqs = memoryGiB < 30 ? 64 : memoryGiB < 60 ? 128 : 256;
  return {
    tensorParallel: tier.gpuCount,
    maxNumSeqs: model.shape?.modelType.startsWith('mllama') ? 16 : Math.max(suitingSeqs, workload.sequences),
    maxBatchedTokens: memoryGiB < 30 ? 2048 : 8192,
    gpuMemoryUtilization: options.gpuMemoryUtilization,
    kvBytesPerElement: fp8 ? 1 : 2,
    enforceEager: false,
  };
}

function attempt(model: ModelMemory, gpu: GpuMemory, settings: RuntimeSettings, workload: Workload): Attempt {
  return { settings, fit: fitOnGpu(model, gpu, settings, workload) };
}

function withGraphsIfTheyFit(
  model: ModelMemory,
  gpu: GpuMemory,
  settings: RuntimeSettings,
  workload: Workload,
): Attempt {
  const withGraphs = attempt(model, gpu, settings, workload);
  return withGraphs.fit.graphsFit ? withGraphs : attempt(model, gpu, { ...settings, enforceEager: true }, workload);
}

/** On a thin margin speed goes, in steps: long prefills and many sequences, then graphs, then half of the KV cache. */
function stretched(suiting: Attempt, model: ModelMemory, gpu: GpuMemory, workload: Workload): Attempt {
  const isEnough = ({ fit }: Attempt) => fit.fits && fit.marginBytes >= 1.5 * GIB;
  const sparing = {
    ...suiting.settings,
    maxNumSeqs: Math.min(suiting.settings.maxNumSeqs, Math.max(64, workload.sequences)),
    maxBatchedTokens: 2048,
  };
  const eager = { ...sparing, enforceEager: true };
  const steps = [sparing, eager];
  if (hasFp8KvCache(gpu.computeCapability)) steps.push({ ...eager, kvBytesPerElement: 1 });
  const attempts = [suiting, ...steps.map((settings) => attempt(model, gpu, settings, workload))];
  // Enough beats thin, thin beats nothing; of several thin ones the one that gives up least but graphs.
  return attempts.find(isEnough) ?? attempts.slice(2).find(({ fit }) => fit.fits) ?? (attempts.at(-1) as Attempt);
}
