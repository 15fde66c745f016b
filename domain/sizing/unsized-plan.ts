/**
 * A plan for a model whose size nobody knows, on a tier that the user has named: their decision is taken, nothing is
 * computed, and the runtime finds the longest context by itself. The disk is sized for weights that fill the GPUs.
 */
import { runtimeFlags } from '../runtime-flags.ts';
import { type GpuTier, placementsOf } from '../tiers.ts';
import type { ModelFacts, SizingPlan } from './plan.ts';
import { GIB } from './units.ts';
import { volumeGiB } from './volume.ts';

export function unsizedPlan(facts: ModelFacts, tier: GpuTier, sequences: number): SizingPlan {
  const usableMemoryBytes = tier.usableMemoryGiBPerGpu * tier.gpuCount * GIB;
  return {
    model: facts.model,
    revision: facts.revision,
    source: facts.source,
    tier: tier.id,
    tensorParallel: tier.gpuCount,
    weightsBytes: 0,
    kvCacheBytes: 0,
    overheadBytes: 0,
    requiredMemoryBytes: 0,
    usableMemoryBytes,
    contextLength: 8192,
    concurrency: sequences,
    volumeGiB: volumeGiB(usableMemoryBytes),
    files: facts.files,
    candidates: placementsOf(tier),
    reasons: [
      'the tier was named by you: the size of the model is not known, so it may not fit',
      ...(facts.notes ?? []),
    ],
    confidence: 'low',
    usdMicrosPerHour: tier.usdMicrosPerHour,
    priceSource: tier.priceSource,
    priceDate: tier.priceDate,
    alternatives: [],
    runtimeFlags: runtimeFlags({
      model: facts.model,
      shape: null,
      format: null,
      settings: {
        tensorParallel: tier.gpuCount,
        maxNumSeqs: 64,
        maxBatchedTokens: 2048,
        gpuMemoryUtilization: 0.9,
        kvBytesPerElement: 2,
        enforceEager: false,
      },
      expertParallel: false,
      contextLength: null,
      trustRemoteCode: false,
    }),
    warnings: ['nothing could be checked beforehand'],
  };
}
