/** How a plan is shown as a quote: every number with its source and how sure it is. */
import { HOURS_PER_MONTH } from '../domain/pricing.ts';
import { GPUS, isGpuId } from '../domain/sizing/data/gpus.ts';
import type { Placement } from '../domain/sizing/plan-placement.ts';
import { affordable, nodePriceMax } from '../domain/sizing/within-price.ts';
import type { SizingPlan } from '../domain/sizing/plan.ts';
import { tiersFor } from '../domain/tiers.ts';
import type { ModelPlan } from '../hub/plan-model.ts';
import type { ProvisionRequest, Quote } from './contract.ts';
import { inUsd } from './endpoint-document.ts';
import type { PlacementChoice } from './placement.ts';
import { judgePrice } from './quote.ts';

export function quoteDocument(
  { plan, facts, reading }: ModelPlan,
  { capacity, obstacle }: PlacementChoice,
  body: ProvisionRequest,
  limitUsdMicrosPerHour: number | null,
): Quote {
  const title = tiersFor(capacity, capacity.offers).find(({ id }) => id === plan.tier)?.title;
  return {
    model: plan.model,
    revision: plan.revision,
    deployable: obstacle === null,
    notDeployableReason: obstacle?.problem ?? null,
    tier: plan.tier,
    tierTitle: title ?? plan.tier,
    provider: plan.candidates[0]?.provider ?? 'local',
    instanceTypes: placesOf(plan, body, limitUsdMicrosPerHour),
    tensorParallel: plan.tensorParallel,
    source: plan.source,
    confidence: plan.confidence ?? 'medium',
    gated: reading ? reading.state.gated || reading.state.private : false,
    workload: plan.workload ?? null,
    contextLength: plan.contextLength,
    memory: {
      weightsBytes: plan.weightsBytes,
      kvCacheBytes: plan.kvCacheBytes,
      overheadBytes: plan.overheadBytes,
      requiredBytes: plan.requiredMemoryBytes,
      usableBytes: plan.usableMemoryBytes,
      marginBytesPerGpu: plan.marginBytesPerGpu ?? null,
      perGpu: plan.memoryPerGpu ?? null,
    },
    volumeGiB: plan.volumeGiB,
    runtimeFlags: [...(plan.runtimeFlags ?? [])],
    price: priceOf(plan, body, limitUsdMicrosPerHour),
    alternatives: (plan.alternatives ?? []).map(({ usdMicrosPerHour, ...rest }) => ({
      ...rest,
      usdPerHour: inUsd(usdMicrosPerHour),
    })),
    reasons: [...plan.reasons],
    warnings: [...(plan.warnings ?? [])],
    numbers: numbersOf({ plan, facts }),
  };
}

/** Those that would be tried: without a yes only the ones within the limit, unless there are none. */
function placesOf(plan: SizingPlan, body: ProvisionRequest, limitUsdMicrosPerHour: number | null): string[] {
  const max = body.acceptPrice ? null : nodePriceMax(limitUsdMicrosPerHour, body.maxNodes);
  const within = affordable(plan.candidates, max);
  return (within.length > 0 ? within : plan.candidates).map(({ instanceType }) => instanceType);
}

function priceOf(plan: SizingPlan, body: ProvisionRequest, limitUsdMicrosPerHour: number | null): Quote['price'] {
  const price = plan.usdMicrosPerHour ?? null;
  const { range, needsAcceptance } = judgePrice(price, body, limitUsdMicrosPerHour);
  return {
    currency: 'USD',
    usdPerHour: inUsd(price),
    usdPerHourMin: inUsd(range.usdMicrosPerHourMin),
    usdPerHourMax: inUsd(range.usdMicrosPerHourMax),
    usdPerMonthMin: inUsd(range.usdMicrosPerMonthMin),
    usdPerMonthMax: inUsd(range.usdMicrosPerMonthMax),
    hoursPerMonth: HOURS_PER_MONTH,
    source: plan.priceSource ?? 'unknown',
    date: plan.priceDate ?? null,
    limitUsdPerHour: inUsd(limitUsdMicrosPerHour),
    needsAcceptance,
  };
}

/** In the order in which they add up. */
function numbersOf({ plan, facts }: Placement): Quote['numbers'] {
  const isSized = plan.weightsBytes > 0;
  const price = plan.usdMicrosPerHour ?? null;
  const date = plan.priceDate ? ` of ${plan.priceDate}` : '';
  return [
    {
      name: 'weights',
      value: isSized ? plan.weightsBytes : null,
      unit: 'bytes',
      source: facts.weightsSource ?? `the sizes of ${facts.files.length} file(s)`,
      confidence: !isSized ? 'unknown' : facts.files.length > 0 ? 'high' : (facts.confidence ?? 'low'),
    },
    {
      name: 'kvCache',
      value: isSized ? plan.kvCacheBytes : null,
      unit: 'bytes',
      source: facts.shape ? 'the layers in config.json, for the workload' : 'a bound by the size of the model',
      confidence: !isSized ? 'unknown' : facts.shape ? 'high' : 'low',
    },
    {
      name: 'overhead',
      value: isSized ? plan.overheadBytes : null,
      unit: 'bytes',
      source: 'a formula fitted to public logs of the runtime (docs/sizing.md)',
      confidence: isSized ? 'medium' : 'unknown',
    },
    { name: 'usableMemory', value: plan.usableMemoryBytes, unit: 'bytes', ...memorySource(plan.tier) },
    {
      name: 'contextLength',
      value: plan.contextLength,
      unit: 'tokens',
      source: 'what fits beside the rest, at most what the model can take',
      confidence: facts.shape ? 'high' : 'medium',
    },
    {
      name: 'volume',
      value: plan.volumeGiB,
      unit: 'GiB',
      source: 'the weights, and room for what is beside them (docs/sizing.md)',
      confidence: isSized ? 'medium' : 'low',
    },
    {
      name: 'price',
      value: inUsd(price),
      unit: 'USD/h',
      source: `${plan.priceSource ?? 'unknown'}${date}`,
      confidence: price === null ? 'unknown' : plan.candidates[0]?.provider === 'local' ? 'high' : 'medium',
    },
  ];
}

function memorySource(tier: string): { source: string; confidence: 'high' | 'medium' } {
  const gpu = /^(.+)-\d+x$/.exec(tier)?.[1];
  if (gpu === undefined || !isGpuId(gpu)) {
    return { source: 'the memory of this machine, less a reserve for the system', confidence: 'high' };
  }
  const { usableMemorySource } = GPUS[gpu];
  return { source: usableMemorySource, confidence: usableMemorySource.includes('logs') ? 'high' : 'medium' };
}
