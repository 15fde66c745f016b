/**
 * Whether a model can be cut over a number of GPUs. vLLM refuses to start when attention heads do not divide
 * (gpustack#885, vllm#2652, #4232: 28 heads over 8, 52 over 8, 40 over 6), and so do vision towers (gpustack#2259:
 * gemma-3 over 3). Models without a known shape are only cut into powers of two up to 8, which nearly all allow.
 */
import type { ModelShape } from './model-shape.ts';
import type { Quantization } from './quantization.ts';

export interface Cut {
  /** Why the model cannot be cut this way; null when it can. */
  problem: string | null;
  /** Experts must be spread whole instead of being cut. */
  expertParallel: boolean;
}

const CAN: Cut = { problem: null, expertParallel: false };

export function cutOver(gpuCount: number, shape: ModelShape | null, quantization: Quantization): Cut {
  if (gpuCount === 1) return CAN;
  if (!shape)
    return (gpuCount & (gpuCount - 1)) === 0 ? CAN : cannot(`cutting over ${gpuCount} GPUs is not known to work`);
  if (shape.heads % gpuCount !== 0) return cannot(`${shape.heads} attention heads do not divide over ${gpuCount} GPUs`);
  if (shape.kvHeads % gpuCount !== 0 && gpuCount % shape.kvHeads !== 0) {
    return cannot(`${shape.kvHeads} KV heads do not divide over ${gpuCount} GPUs`);
  }
  if (shape.visionHeads !== null && shape.visionHeads % gpuCount !== 0) {
    return cannot(`${shape.visionHeads} heads of the vision tower do not divide over ${gpuCount} GPUs`);
  }
  if (shape.experts === 0) {
    return cutsBlocks(shape.intermediateSize, gpuCount, quantization)
      ? cannot(
          `a feed-forward width of ${shape.intermediateSize} does not divide into whole FP8 blocks over ${gpuCount} GPUs`,
        )
      : CAN;
  }
  const spread: Cut =
    shape.experts % gpuCount === 0
      ? { problem: null, expertParallel: true }
      : cannot(`${shape.experts} experts do not spread over ${gpuCount} GPUs`);
  if (cutsBlocks(shape.expertSize, gpuCount, quantization)) return spread;
  // From 8 GPUs on slices of experts are too thin to be fast, so they are spread where that is possible.
  return gpuCount >= 8 && spread.problem === null ? spread : CAN;
}

/**
 * Block-scaled FP8 keeps one scale per 128 rows: a slice must hold whole blocks, in experts (recipes:
 * Step-3.5-Flash-FP8) and in dense layers alike (vLLM refuses to make the layer).
 */
function cutsBlocks(rows: number, gpuCount: number, { format, blockSize }: Quantization): boolean {
  return format === 'fp8' && blockSize !== null && rows > 0 && (rows / gpuCount) % blockSize !== 0;
}

function cannot(problem: string): Cut {
  return { problem, expertParallel: false };
}
