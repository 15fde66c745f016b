/**
 * Which GPUs can run a checkpoint's format and kind of attention, by compute capability.
 *
 * Sources: vLLM's table of supported hardware; failures on A100 and 3090 in llama-recipes#21, vllm#6815, #18182 and
 * #40851; weight-only Marlin for FP8 and FP4 seen working in logs on A800 and H100 (vllm#23278).
 */
import type { ModelShape } from './model-shape.ts';
import type { Quantization } from './quantization.ts';

export interface Support {
  /** Why it cannot run there; null when it can. */
  problem: string | null;
  /** It runs, but not in the way the format is meant for. */
  warning: string | null;
}

/** Whether the KV cache can be kept in 8 bits: older GPUs convert it at every step. */
export function hasFp8KvCache(computeCapability: number): boolean {
  return computeCapability >= 8.9;
}

export function supportOn(computeCapability: number, shape: ModelShape | null, quantization: Quantization): Support {
  const { format } = quantization;
  if (shape?.hasSparseAttention && !(computeCapability >= 9 && computeCapability < 12)) {
    return cannot('sparse attention (DSA) needs Hopper or datacenter Blackwell');
  }
  if (format === 'fp8' && computeCapability < 8.9) {
    if (shape?.modelType.startsWith('llama4')) return cannot('FP8 experts of Llama 4 need compute capability 8.9');
    return warn('FP8 runs weight-only here (Marlin): it saves memory but is not faster');
  }
  if (format === 'nvfp4' && computeCapability < 10) {
    return warn('NVFP4 runs weight-only here (Marlin): it is made for Blackwell');
  }
  if (format === 'mxfp4' && !(computeCapability >= 10 && computeCapability < 12)) {
    return warn('MXFP4 runs weight-only here (Marlin) and takes 8.5 % more memory than its files');
  }
  if (format === 'gguf') return cannot('GGUF is run on this machine, not by the GPU runtime');
  return { problem: null, warning: null };
}

function cannot(problem: string): Support {
  return { problem, warning: null };
}

function warn(warning: string): Support {
  return { problem: null, warning };
}
