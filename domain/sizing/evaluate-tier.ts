/**
 * One model on one tier: can it run there, with which settings, and how much is left. Whether more context makes a
 * tier drop out must never depend on a setting that itself changes with context, or a longer context could end up on
 * a smaller machine: so the settings tried here follow from the GPU alone.
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

export function evaluateTier(tier: GpuTier, model: ModelMemory, workload: Workload, options: EvaluateOptions): TierVerdict {
  const support = supportOn(tier.computeCapability, model.shape, model.quantization);
  if (support.problem !== null) return { tier, problem: support.problem };
  const cut = cutOver(tier.gpuCount, model.shape, model.quantization);
  if (cut.problem !== null) return { tier, problem: cut.problem };
  const gpu = { usableMemoryBytes: tier.usableMemoryGiBPerGpu * GIB, computeCapability: tier.computeCapability };
  const required = Math.max(requiredMarginBytes(gpu), options.marginShareMin * gpu.usableMemoryBytes);
  const tries = settingsToTry(tier, model, options).map((settings) => withGraphsIfTheyFit(model, gpu, settings, workload));
  const best = tries.find(({ fit }) => fit.fits && fit.marginBytes >= required) ?? mostLeft(tries);
  const settled = options.stretch ? stretched(best, model, gpu, workload, options) : best;
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

/** The settings that suit the card, then those that need least. */
function settingsToTry(tier: GpuTier, model: ModelMemory, options: EvaluateOptions): RuntimeSettings[] {
  const memoryGiB = tier.usableMemoryGiBPerGpu;
  const fp8 = (options.fp8KvCache || model.quantization.fp8KvCache) && hasFp8KvCache(tier.computeCapability);
  const suiting: RuntimeSettings = {
    tensorParallel: tier.gpuCount,
    // vLLM's own default of 1,024 sequences costs 2.7 GiB with a vocabulary of 201,088 (vllm#23278).
    maxNumSeqs: memoryGiB < 30 ? 64 : memoryGiB < 60 ? 128 : 256,
    maxBatchedTokens: memoryGiB < 30 ? 2048 : 8192,
    gpuMemoryUtilization: options.gpuMemoryUtilization,
    kvBytesPerElement: fp8 ? 1 : 2,
    enforceEager: false,
  };
  const sparing = { ...suiting, maxNumSeqs: 64, maxBatchedTokens: 2048 };
  // Mllama profiles 36.6 GiB of activations at 128 sequences (vllm#12126).
  const cap = model.shape?.modelType.startsWith('mllama') ? 16 : 256;
  return [suiting, sparing].map((settings) => ({ ...settings, maxNumSeqs: Math.min(settings.maxNumSeqs, cap) }));
}

function attempt(model: ModelMemory, gpu: GpuMemory, settings: RuntimeSettings, workload: Workload): Attempt {
  return { settings, fit: fitOnGpu(model, gpu, settings, workload) };
}

function withGraphsIfTheyFit(model: ModelMemory, gpu: GpuMemory, settings: RuntimeSettings, workload: Workload): Attempt {
  const withGraphs = attempt(model, gpu, settings, workload);
  return withGraphs.fit.graphsFit ? withGraphs : attempt(model, gpu, { ...settings, enforceEager: true }, workload);
}

function mostLeft(tries: readonly Attempt[]): Attempt {
  return tries.reduce((best, next) => (next.fit.marginBytes > best.fit.marginBytes ? next : best));
}

/** On a thin margin graphs are the first to go; then, where the GPU can, half of the KV cache. */
function stretched(
  best: Attempt,
  model: ModelMemory,
  gpu: GpuMemory,
  workload: Workload,
  options: EvaluateOptions,
): Attempt {
  if (best.fit.fits && best.fit.marginBytes >= 1.5 * GIB) return best;
  const eager = attempt(model, gpu, { ...best.settings, enforceEager: true }, workload);
  if (eager.fit.fits || options.fp8KvCache || !hasFp8KvCache(gpu.computeCapability)) return eager;
  const fp8 = attempt(model, gpu, { ...best.settings, kvBytesPerElement: 1 }, workload);
  return fp8.fit.fits && fp8.fit.marginBytes >= 1.5 * GIB
    ? fp8
    : attempt(model, gpu, { ...best.settings, kvBytesPerElement: 1, enforceEager: true }, workload);
}
