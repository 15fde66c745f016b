/** Where an endpoint may run: what its owner wants, held against what this installation has. */
import { type InstalledProvider, readMachines } from '../db/machines.ts';
import type { ProviderName } from '../domain/endpoint.ts';
import type { Capacity } from '../domain/sizing/plan-placement.ts';
import { tiersFor } from '../domain/tiers.ts';
import type { ProvisionRequest } from './contract.ts';
import type { RouteDeps } from './deps.ts';
import { invalidField } from './validation.ts';

const CLOUDS = ['aws', 'gcp'] as const;

export interface PlacementChoice {
  capacity: Capacity;
  /** Why it can be quoted and not deployed; null when it can. */
  obstacle: { field: 'provider' | 'tier'; problem: string } | null;
}

type Wanted = Pick<ProvisionRequest, 'provider' | 'tier' | 'region'>;

/** What the worker has recorded; until it has run for the first time, only that there is this machine. */
export async function installedProviders(deps: Pick<RouteDeps, 'db'>): Promise<InstalledProvider[]> {
  const installed = await readMachines(deps.db);
  return installed.length > 0 ? installed : [{ provider: 'local', machine: null }];
}

/** @throws UserError `invalid_request` for a tier or region that does not exist at all */
export function choosePlacement(
  wanted: Wanted,
  installed: readonly InstalledProvider[],
  offers: RouteDeps['offers'],
): PlacementChoice {
  const here = installed.map(({ provider }) => provider);
  const { providers, obstacle } = providersFor(wanted, here, offers);
  const tiers = tiersFor({ providers, region: wanted.region ?? null }, offers);
  if (wanted.region !== undefined && !tiers.some(({ provider }) => provider !== 'local')) {
    throw invalidField('region', regionProblem(providers, offers));
  }
  if (wanted.tier !== undefined && !tiers.some(({ id }) => id === wanted.tier)) {
    throw invalidField('tier', `must be one of ${tiers.map(({ id }) => id).join(', ')}; see GET /api/tiers`);
  }
  const machine = installed.find(({ provider }) => provider === 'local')?.machine ?? null;
  return { capacity: { providers, machine: providers.includes('local') ? machine : null, offers }, obstacle };
}

function providersFor(
  wanted: Wanted,
  here: readonly ProviderName[],
  offers: RouteDeps['offers'],
): { providers: readonly ProviderName[]; obstacle: PlacementChoice['obstacle'] } {
  const { provider, tier } = wanted;
  if (provider !== 'auto') {
    if (here.includes(provider)) return { providers: [provider], obstacle: null };
    const names = ['auto', ...here].map((name) => `"${name}"`).join(' or ');
    const problem = `this installation has no provider "${provider}"; use ${names}`;
    return { providers: [provider], obstacle: { field: 'provider', problem } };
  }
  const hasTier = (providers: readonly ProviderName[]) => tiersFor({ providers }, offers).some(({ id }) => id === tier);
  if (tier !== undefined && !hasTier(here) && hasTier(CLOUDS)) {
    const own = tiersFor({ providers: here }, offers).map(({ id }) => id);
    const problem = `no provider of this installation has "${tier}"; it has ${own.join(', ')}`;
    return { providers: CLOUDS, obstacle: { field: 'tier', problem } };
  }
  return { providers: here, obstacle: null };
}

function regionProblem(providers: readonly ProviderName[], offers: RouteDeps['offers']): string {
  const regions = new Set(offers.flatMap((offer) => (providers.includes(offer.provider) ? [offer.region] : [])));
  return regions.size === 0
    ? 'the local provider has no regions; leave it out'
    : `has no prices here; these have: ${[...regions].join(', ')}`;
}
