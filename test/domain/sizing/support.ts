/** Facts and tiers for tests. */
import { gatherFacts } from '../../../domain/sizing/gather-facts.ts';
import type { GpuOffer } from '../../../domain/sizing/data/gpu-offers.ts';
import type { GpuId } from '../../../domain/sizing/data/gpus.ts';
import type { ModelFacts, WeightsFile } from '../../../domain/sizing/plan.ts';
import { type GpuTier, gpuTiersFor } from '../../../domain/tiers.ts';

export function file(path: string, sizeBytes: number): WeightsFile {
  return { path, sizeBytes, sha256: null };
}

export function factsFor(model: string, weightBytes: number, config: unknown): ModelFacts {
  return gatherFacts({
    model,
    revision: 'f'.repeat(40),
    files: [file('model.safetensors', weightBytes)],
    index: null,
    config,
    modelopt: null,
    safetensors: null,
    pipelineTag: 'text-generation',
  });
}

export function offerLike(offer: Partial<GpuOffer> & { gpu: GpuId; gpuCount: number }): GpuOffer {
  return {
    provider: 'aws',
    instanceType: `test.${offer.gpu}.${offer.gpuCount}`,
    vcpus: 8,
    hostMemoryGiB: 64,
    instanceStoreGiB: 0,
    region: 'us-east-1',
    usdMicrosPerHour: offer.gpuCount * 1_000_000,
    spotUsdMicrosPerHour: null,
    onDemandOffered: true,
    priceSource: 'test',
    priceDate: '2026-01-01',
    ...offer,
  };
}

/** A tier that no cloud sells, or with another memory. */
export function tierLike(gpu: GpuId, gpuCount: number, usableMemoryGiBPerGpu: number): GpuTier {
  const [tier] = gpuTiersFor({ providers: ['aws'] }, [offerLike({ gpu, gpuCount })]);
  if (!tier) throw new Error('no tier');
  return { ...tier, usableMemoryGiBPerGpu };
}
