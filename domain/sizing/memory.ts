/**
 * Memory on one GPU while a model is served, part by part, and whether it fits. Pure arithmetic on what is known of
 * the model, the GPU and the runtime's settings; docs/sizing.md has the formula, its sources and how often it is right.
 *
 * Three things must hold, because vLLM fails in three different places:
 * 1. inside the budget `gpuMemoryUtilization × memory`: weights, activations and KV cache (profiling, cache set-up);
 * 2. on the whole card: also the CUDA context, NCCL and graphs (anything, later, under load);
 * 3. beside the budget: graph capture allocates outside it, and the cache has filled it by then, so lowering what is
 *    needed does not help (recipe Qwen3.8-27B on a 5090: capture fails at any utilization, eager mode serves).
 */
import { kvBytesPerTokenBound, kvCacheBytes } from './kv-cache.ts';
import type { ModelShape } from './model-shape.ts';
import type { Quantization } from './quantization.ts';
import { GIB, MIB } from './units.ts';

export interface ModelMemory {
  weightsBytes: number;
  /** Null when config.json could not be read: bounds by parameters are used instead. */
  shape: ModelShape | null;
  parameters: number;
  quantization: Quantization;
}

export interface GpuMemory {
  usableMemoryBytes: number;
  computeCapability: number;
}

export interface Workload {
  /** Tokens per sequence. */
  contextLength: number;
  /** Sequences at once, each with a full context. */
  sequences: number;
}

export interface RuntimeSettings {
  tensorParallel: number;
  maxNumSeqs: number;
  maxBatchedTokens: number;
  gpuMemoryUtilization: number;
  kvBytesPerElement: 1 | 2;
  enforceEager: boolean;
}

/** Bytes on one GPU. */
export interface MemoryPerGpu {
  weightsBytes: number;
  kvCacheBytes: number;
  activationBytes: number;
  cudaContextBytes: number;
  ncclBytes: number;
  graphBytes: number;
  usableMemoryBytes: number;
}

export interface Fit {
  memory: MemoryPerGpu;
  fits: boolean;
  /** Bytes left under the tighter of the first two conditions; negative when it does not fit. */
  marginBytes: number;
  /** Bytes that KV cache may take at most. */
  kvRoomBytes: number;
  /** The third condition. */
  graphsFit: boolean;
}

/** What the runtime holds beside weights and activations inside its budget (measured in public logs). */
const INSIDE_BUDGET_BYTES = Math.ceil(0.2 * GIB);
const CUDA_CONTEXT_BYTES = Math.ceil(0.6 * GIB);
/** Never handed out: driver, fragments. */
const SPARE_BYTES = Math.ceil(0.3 * GIB);

export function fitOnGpu(model: ModelMemory, gpu: GpuMemory, settings: RuntimeSettings, workload: Workload): Fit {
  const weightsBytes = weightsPerGpu(model, gpu, settings.tensorParallel);
  const memory: MemoryPerGpu = {
    weightsBytes,
    kvCacheBytes: workload.sequences * kvPerSequence(model, settings, workload.contextLength),
    activationBytes: activationsPerGpu(model, settings, weightsBytes),
    cudaContextBytes: CUDA_CONTEXT_BYTES,
    ncclBytes: ncclBytes(settings.tensorParallel),
    graphBytes: settings.enforceEager ? 0 : graphBytes(model, weightsBytes),
    usableMemoryBytes: Math.floor(gpu.usableMemoryBytes),
  };
  const core = memory.weightsBytes + memory.activationBytes + memory.kvCacheBytes;
  const budget = settings.gpuMemoryUtilization * gpu.usableMemoryBytes;
  const insideBudget = budget - core - INSIDE_BUDGET_BYTES;
  const besides = memory.cudaContextBytes + memory.ncclBytes + memory.graphBytes;
  const onTheCard = gpu.usableMemoryBytes - SPARE_BYTES - core - besides;
  const marginBytes = Math.floor(Math.min(insideBudget, onTheCard));
  const graphsFit = memory.graphBytes === 0 || gpu.usableMemoryBytes - budget - SPARE_BYTES >= memory.graphBytes;
  return {
    memory,
    fits: marginBytes >= 0 && graphsFit,
    marginBytes,
    kvRoomBytes: marginBytes + memory.kvCacheBytes,
    graphsFit,
  };
}

/**
 * The margin that a machine must leave to be chosen without being asked for: published measurements scatter by that
 * much around the formula.
 */
export function requiredMarginBytes(gpu: GpuMemory): number {
  return Math.max(1.5 * GIB, 0.03 * gpu.usableMemoryBytes);
}

/** Loaded weights are a little more than files: padding and, when cut, what is not cut (norms, small projections). */
function weightsPerGpu(model: ModelMemory, gpu: GpuMemory, tensorParallel: number): number {
  const share = (model.weightsBytes / tensorParallel) * (tensorParallel === 1 ? 1.01 : 1.03);
  // Marlin repacks MXFP4: gpt-oss-120b loads 65.97 GiB from 60.77 GiB of files (vllm#23278). Only datacenter
  // Blackwell computes in the format itself.
  const isNative = gpu.computeCapability >= 10 && gpu.computeCapability < 12;
  return Math.ceil(model.quantization.format === 'mxfp4' && !isNative ? share * 1.085 : share);
}

export function kvPerSequence(
  model: ModelMemory,
  settings: Pick<RuntimeSettings, 'tensorParallel' | 'maxBatchedTokens' | 'kvBytesPerElement'>,
  tokens: number,
): number {
  const { shape } = model;
  if (shape?.isEncoder) return 0;
  if (shape) {
    return kvCacheBytes(shape.layerGroups, tokens, {
      tensorParallel: settings.tensorParallel,
      bytesPerElement: settings.kvBytesPerElement,
      maxBatchedTokens: settings.maxBatchedTokens,
    });
  }
  const perToken = (kvBytesPerTokenBound(model.parameters) * settings.kvBytesPerElement) / 2;
  return Math.ceil((perToken * tokens) / settings.tensorParallel);
}

/**
 * The peak of vLLM's profiling run. Its steps free what they used before the next begins (encoder, then the layers,
 * then the sampler in gpu_model_runner.profile_run), so the peak is the greatest of them and not their sum. The
 * factors were fitted to public logs; the vision term to Qwen2.5-VL-32B (6.9 GiB) and Qwen3.8-27B.
 */
function activationsPerGpu(model: ModelMemory, settings: RuntimeSettings, weightsBytes: number): number {
  const { shape } = model;
  // Without a shape: what KAITO (056b8280b) reserves, less what is counted elsewhere here.
  if (!shape) return Math.ceil(1.5 * GIB + 0.05 * weightsBytes);
  if (shape.isEncoder) return Math.ceil(0.6 * GIB + 0.1 * weightsBytes);
  const { tensorParallel, maxBatchedTokens, maxNumSeqs } = settings;
  const dense = (2 * shape.intermediateSize) / tensorParallel;
  // Routed tokens are copied once per chosen expert, in and out.
  const routed = shape.expertsPerToken * (shape.hiddenSize + (2 * shape.expertSize) / tensorParallel);
  const layers = maxBatchedTokens * (6 * shape.hiddenSize + Math.max(dense, routed)) * 2;
  const sampler = maxNumSeqs * shape.vocabularySize * 14;
  const vision = shape.hasVision ? 1.5 * GIB + 0.086 * weightsBytes : 0;
  return Math.ceil(Math.max(layers, sampler, vision));
}

/** Measured by aiconfigurator 0.12 on NVLink machines: 342, 392, 392 MiB at 2, 4, 8 GPUs; rounded up. */
function ncclBytes(tensorParallel: number): number {
  if (tensorParallel === 1) return 0;
  return Math.ceil((tensorParallel > 4 ? 0.45 : 0.35) * GIB);
}

/** Captured graphs. Layers with a recurrent state capture far more (Qwen3.8-27B: over 1.9 GiB with 48 such layers). */
function graphBytes(model: ModelMemory, weightsBytes: number): number {
  if (model.shape?.isEncoder) return 0;
  const recurrent = (model.shape?.layerGroups ?? []).filter(({ cache }) => cache.kind === 'state');
  const layers = recurrent.reduce((sum, group) => sum + group.layers, 0);
  return Math.ceil(0.4 * GIB + 0.012 * weightsBytes + layers * 32 * MIB);
}
