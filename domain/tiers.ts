/**
 * The hardware ladder. A tier is a machine shape a user can ask for by id (`l4-1x`, `b200-8x`); the cloud's own
 * name for it is the instance type, and one tier may be offered by several providers.
 *
 * `TIERS` are those of an installation without a cloud account. An installation with clouds asks `tiersFor` with
 * the providers that it has, so that nobody is shown or given a tier that cannot be had here.
 */
import type { PlacementCandidate, ProviderName } from './endpoint.ts';
import { GPU_OFFERS, type GpuOffer } from './sizing/data/gpu-offers.ts';
import { GPUS, type GpuId } from './sizing/data/gpus.ts';

export interface Tier {
  id: string;
  title: string;
  provider: ProviderName;
  gpuName: string | null;
  gpuCount: number;
  /** Null when it is this machine's own memory, known only where the provider runs. */
  usableMemoryGiBPerGpu: number | null;
  /** Micro-dollars per hour; null when unknown, 0 only where nothing is billed. */
  usdMicrosPerHour: number | null;
  priceSource: string;
}

/** A tier of GPUs with everything that sizing asks of it. Provider and price are those of its cheapest offer. */
export interface GpuTier extends Tier {
  gpuName: string;
  usableMemoryGiBPerGpu: number;
  computeCapability: number;
  /** Whether its GPUs are joined faster than by PCIe; true for one GPU. */
  hasFastLinks: boolean;
  /** Where it can be had on demand, cheapest first. */
  offers: readonly GpuOffer[];
  priceDate: string | null;
}

export const LOCAL_TIER_ID = 'local-cpu';

export const TIERS: readonly Tier[] = [
  {
    id: LOCAL_TIER_ID,
    title: 'This machine (CPU)',
    provider: 'local',
    gpuName: null,
    gpuCount: 0,
    usableMemoryGiBPerGpu: null,
    usdMicrosPerHour: 0,
    priceSource: 'your own machine: nothing is billed',
  },
];

export function findTier(id: string): Tier | undefined {
  return TIERS.find((tier) => tier.id === id);
}

/** Where tiers may be had: what an installation has accounts for, and perhaps where the user wants it. */
export interface TierFilter {
  providers: readonly ProviderName[];
  /** Only offers in this region; null for all. */
  region?: string | null;
}

/**
 * The GPU tiers of some providers, cheapest first, those without a known price last.
 *
 * @param offers the built-in catalogue, or one with an operator's prices over it
 */
export function gpuTiersFor(filter: TierFilter, offers: readonly GpuOffer[] = GPU_OFFERS): GpuTier[] {
  const groups = new Map<string, GpuOffer[]>();
  for (const offer of offers) {
    if (!filter.providers.includes(offer.provider) || !isPlaceable(offer)) continue;
    if (filter.region && offer.region !== filter.region) continue;
    const id = `${offer.gpu}-${offer.gpuCount}x`;
    groups.set(id, [...(groups.get(id) ?? []), offer]);
  }
  return [...groups].flatMap(([id, group]) => gpuTier(id, group) ?? []).sort(byCost);
}

/** All tiers of an installation: this machine where it is a provider, then the ladder. */
export function tiersFor(filter: TierFilter, offers: readonly GpuOffer[] = GPU_OFFERS): Tier[] {
  return [...TIERS.filter((tier) => filter.providers.includes(tier.provider)), ...gpuTiersFor(filter, offers)];
}

/** Known prices first, low before high; then the smaller machine; then by id, so that the order is total. */
export function byCost(
  a: Pick<GpuTier, 'usdMicrosPerHour' | 'gpuCount' | 'usableMemoryGiBPerGpu' | 'id'>,
  b: Pick<GpuTier, 'usdMicrosPerHour' | 'gpuCount' | 'usableMemoryGiBPerGpu' | 'id'>,
): number {
  return (
    byPrice(a.usdMicrosPerHour, b.usdMicrosPerHour) ||
    a.gpuCount * a.usableMemoryGiBPerGpu - b.gpuCount * b.usableMemoryGiBPerGpu ||
    a.gpuCount - b.gpuCount ||
    (a.id < b.id ? -1 : 1)
  );
}

/** Unknown sorts after everything known. */
function byPrice(a: number | null, b: number | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a - b;
}

/**
 * Whether an offer may be placed at all: it must be sold on demand, and a spot price above the on-demand price
 * means that the on-demand price is something else (commitment rates are known to have leaked into catalogues).
 */
export function isPlaceable(offer: GpuOffer): boolean {
  return offer.onDemandOffered && isPriceBelievable(offer.usdMicrosPerHour, offer.spotUsdMicrosPerHour);
}

export function isPriceBelievable(onDemand: number | null, spot: number | null): boolean {
  if (onDemand !== null && !(onDemand > 0 && Number.isSafeInteger(onDemand))) return false;
  return onDemand === null || spot === null || spot <= onDemand;
}

function gpuTier(id: string, group: readonly GpuOffer[]): GpuTier | null {
  const offers = group.toSorted(
    (a, b) => byPrice(a.usdMicrosPerHour, b.usdMicrosPerHour) || a.instanceType.localeCompare(b.instanceType, 'en'),
  );
  const cheapest = offers[0];
  if (!cheapest) return null;
  const gpu = GPUS[cheapest.gpu satisfies GpuId];
  return {
    id,
    title: `${cheapest.gpuCount}× ${gpu.name}`,
    provider: cheapest.provider,
    gpuName: gpu.name,
    gpuCount: cheapest.gpuCount,
    usableMemoryGiBPerGpu: gpu.usableMemoryGiB,
    computeCapability: gpu.computeCapability,
    hasFastLinks: gpu.hasNvlink || cheapest.gpuCount === 1,
    usdMicrosPerHour: cheapest.usdMicrosPerHour,
    priceSource: cheapest.priceSource,
    priceDate: cheapest.priceDate,
    offers,
  };
}

/** The machines of a tier, cheapest first. The provider finds the zones. */
export function placementsOf(tier: GpuTier): PlacementCandidate[] {
  return tier.offers.map((offer) => ({
    provider: offer.provider,
    tier: tier.id,
    instanceType: offer.instanceType,
    region: offer.region,
    zone: null,
    purchaseOption: 'on_demand',
    usdMicrosPerHour: offer.usdMicrosPerHour,
  }));
}
