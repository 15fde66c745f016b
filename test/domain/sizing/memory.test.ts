import { describe, expect, it } from '@jest/globals';
import { fitOnGpu } from '../../../domain/sizing/memory.ts';
import { quantizationOf } from '../../../domain/sizing/quantization.ts';
import { GIB } from '../../../domain/sizing/units.ts';

const model = { weightsBytes: 40 * GIB, shape: null, parameters: 20e9, quantization: quantizationOf('bf16') };
const gpu = { usableMemoryBytes: 79.2 * GIB, computeCapability: 9 };
const fitAt = (gpuMemoryUtilization: number, enforceEager: boolean) =>
  fitOnGpu(
    model,
    gpu,
    {
      ...{ tensorParallel: 2, maxNumSeqs: 64, maxBatchedTokens: 2048, kvBytesPerElement: 2 },
      ...{ gpuMemoryUtilization, enforceEager },
    },
    { contextLength: 8192, sequences: 4 },
  );

describe('what is left', () => {
  it('is what the budget leaves while the budget is the tighter of the two', () => {
    const { memory, marginBytes } = fitAt(0.9, false);
    const core = memory.weightsBytes + memory.kvCacheBytes + memory.activationBytes;
    expect(marginBytes / GIB).toBeCloseTo(0.9 * 79.2 - 0.2 - core / GIB, 3);
  });

  it('is what the card leaves, context, NCCL and graphs included, where the budget is nearly all of it', () => {
    const { memory, marginBytes } = fitAt(0.99, false);
    const { usableMemoryBytes, ...parts } = memory;
    const all = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
    expect(marginBytes / GIB).toBeCloseTo((usableMemoryBytes - all) / GIB - 0.3, 3);
    expect(Math.min(...Object.values(parts))).toBeGreaterThan(0);
  });

  it('does not help graphs, which are captured outside the budget', () => {
    expect([fitAt(0.99, false).fits, fitAt(0.99, true).fits]).toEqual([false, true]);
  });
});
