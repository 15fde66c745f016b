/**
 * Money: what a tier costs, and an operator's own prices over the built-in catalogue. All amounts are integer
 * micro-dollars; a price that nobody knows is null through every sum, never 0.
 */
import { GPU_OFFERS, type GpuOffer } from './sizing/data/gpu-offers.ts';
import { isGpuId } from './sizing/data/gpus.ts';
import { type JsonRecord, field, readCount, readList, readRecord } from './sizing/narrow.ts';
import { isPriceBelievable } from './tiers.ts';

/** What clouds bill a month by. */
export const HOURS_PER_MONTH = 730;

export interface CostRange {
  usdMicrosPerHourMin: number | null;
  usdMicrosPerHourMax: number | null;
  usdMicrosPerMonthMin: number | null;
  usdMicrosPerMonthMax: number | null;
}

/** Cost at the fewest and at the most nodes. With none, an endpoint costs nothing but its disks, which are not in it. */
export function costRange(usdMicrosPerHour: number | null, nodes: { minNodes: number; maxNodes: number }): CostRange {
  const times = (count: number) => (usdMicrosPerHour === null ? null : usdMicrosPerHour * count);
  return {
    usdMicrosPerHourMin: times(nodes.minNodes),
    usdMicrosPerHourMax: times(nodes.maxNodes),
    usdMicrosPerMonthMin: times(nodes.minNodes * HOURS_PER_MONTH),
    usdMicrosPerMonthMax: times(nodes.maxNodes * HOURS_PER_MONTH),
  };
}

/** Whether an owner must accept a price first: above their limit, or not known while they have one. */
export function needsAcceptance(usdMicrosPerHourMax: number | null, limitUsdMicrosPerHour: number | null): boolean {
  if (limitUsdMicrosPerHour === null) return false;
  return usdMicrosPerHourMax === null || usdMicrosPerHourMax > limitUsdMicrosPerHour;
}

export interface OverriddenOffers {
  offers: readonly GpuOffer[];
  /** Entries that were not taken, and why; for the operator. */
  problems: readonly string[];
}

/** The built-in prices, or with an operator's file over them. */
export function priceList(overrides: string | null): OverriddenOffers {
  return overrides === null ? { offers: GPU_OFFERS, problems: [] } : overrideOffers(GPU_OFFERS, overrides);
}

const ENTRIES_MAX = 1000;
const REGION = /^[a-z0-9-]{1,64}$/;

/**
 * An operator's price file over the catalogue: `{"offers":[{"provider":"aws","instanceType":"g6.xlarge",
 * "region":"eu-central-1","usdPerHour":0.97,"onDemandOffered":true,"source":"our contract","date":"2026-11-01"}]}`.
 * An entry changes the offer of that type and region, or adds that type in a further region. New instance types name
 * their `gpu` and `gpuCount` too. `usdPerHour` null says that the price is unknown. Never throws.
 */
export function overrideOffers(catalogue: readonly GpuOffer[], text: string): OverriddenOffers {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { offers: catalogue, problems: ['the price file is not JSON'] };
  }
  const entries = readList(field(readRecord(parsed), 'offers'), ENTRIES_MAX);
  if (!entries)
    return { offers: catalogue, problems: [`the price file has no list "offers" of 1 to ${ENTRIES_MAX} entries`] };
  const offers = [...catalogue];
  const problems: string[] = [];
  entries.forEach((entry, at) => {
    const offer = readEntry(readRecord(entry), offers);
    if (typeof offer === 'string') {
      problems.push(`offers[${at}]: ${offer}`);
      return;
    }
    const existing = offers.findIndex((other) => isSame(other, offer));
    if (existing === -1) offers.push(offer);
    else offers[existing] = offer;
  });
  return { offers, problems };
}

function isSame(a: GpuOffer, b: Pick<GpuOffer, 'provider' | 'instanceType' | 'region'>): boolean {
  return a.provider === b.provider && a.instanceType === b.instanceType && a.region === b.region;
}

/** The offer that an entry means, or what is wrong with it. */
function readEntry(entry: JsonRecord | null, offers: readonly GpuOffer[]): GpuOffer | string {
  const provider = field(entry, 'provider');
  const instanceType = field(entry, 'instanceType');
  if (provider !== 'aws' && provider !== 'gcp') return 'provider must be aws or gcp';
  if (typeof instanceType !== 'string' || !/^[a-z0-9.-]{1,64}$/.test(instanceType)) return 'instanceType is missing';
  const known = offers.find((offer) => offer.provider === provider && offer.instanceType === instanceType);
  const region = field(entry, 'region') ?? known?.region;
  if (typeof region !== 'string' || !REGION.test(region)) return 'region is missing';
  const shape = known ?? newShape(entry);
  if (!shape) return `${instanceType} is not in the catalogue: name its gpu and gpuCount`;
  // A price of one region says nothing of another.
  const listed = offers.find((offer) => isSame(offer, { provider, instanceType, region }));
  const price = readPrice(entry, 'usdPerHour', listed?.usdMicrosPerHour ?? null);
  const spot = readPrice(entry, 'spotUsdPerHour', null);
  if (price === undefined || spot === undefined) return 'a price must be a number of dollars above 0, or null';
  if (!isPriceBelievable(price, spot)) return 'the spot price is above the on-demand price, so one of them is wrong';
  const onDemandOffered = field(entry, 'onDemandOffered') ?? known?.onDemandOffered ?? true;
  if (typeof onDemandOffered !== 'boolean') return 'onDemandOffered must be true or false';
  return {
    ...shape,
    provider,
    instanceType,
    region,
    usdMicrosPerHour: price,
    spotUsdMicrosPerHour: spot,
    onDemandOffered,
    ...pricedBy(entry, listed),
  };
}

/** An entry without a price leaves the catalogue's, and so its source. */
function pricedBy(entry: JsonRecord | null, listed: GpuOffer | undefined): Pick<GpuOffer, 'priceSource' | 'priceDate'> {
  const isPriced = field(entry, 'usdPerHour') !== undefined;
  const otherwise = isPriced ? "the operator's price file" : (listed?.priceSource ?? 'unknown');
  return {
    priceSource: readText(field(entry, 'source')) ?? otherwise,
    priceDate: readText(field(entry, 'date')) ?? (isPriced ? null : (listed?.priceDate ?? null)),
  };
}

type Shape = Pick<GpuOffer, 'gpu' | 'gpuCount' | 'vcpus' | 'hostMemoryGiB' | 'instanceStoreGiB'>;

function newShape(entry: JsonRecord | null): Shape | null {
  const gpu = field(entry, 'gpu');
  const gpuCount = readCount(field(entry, 'gpuCount'), 8);
  if (typeof gpu !== 'string' || !isGpuId(gpu) || gpuCount === null) return null;
  return { gpu, gpuCount, vcpus: 0, hostMemoryGiB: 0, instanceStoreGiB: 0 };
}

/** @returns undefined when it is no price; `otherwise` when it is not said */
function readPrice(entry: JsonRecord | null, name: string, otherwise: number | null): number | null | undefined {
  const usd = field(entry, name);
  if (usd === undefined) return otherwise;
  if (usd === null) return null;
  if (typeof usd !== 'number' || !(usd > 0 && usd < 1e6)) return undefined;
  return Math.max(1, Math.round(usd * 1e6));
}

function readText(value: unknown): string | null {
  return typeof value === 'string' && value.length > 0 && value.length <= 200 ? value : null;
}
