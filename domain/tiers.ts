/**
 * The hardware ladder, cheapest first. A tier is a machine shape a user can ask for by id; the cloud's
 * own name for it is the instance type.
 */
import type { ProviderName } from './endpoint.ts';

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
