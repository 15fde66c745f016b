/** GET /api/tiers: the ladder, what of it this installation can deploy to, and at what price. */
import { GIB } from '../../domain/sizing/units.ts';
import { type Tier, tiersFor } from '../../domain/tiers.ts';
import { TierList } from '../contract.ts';
import type { RouteDeps } from '../deps.ts';
import { inUsd } from '../endpoint-document.ts';
import { installedProviders } from '../placement.ts';
import { route } from '../route.ts';

const EVERYBODY = ['aws', 'gcp'] as const;

export function tierRoutes(deps: RouteDeps) {
  return [
    route({
      method: 'get',
      path: '/api/tiers',
      policy: { auth: 'read' },
      tag: 'Endpoints',
      summary: 'The hardware ladder with prices and memory',
      answer: { status: 200, description: 'What can be had here first, each part cheapest first.', schema: TierList },
      async handler() {
        const installed = await installedProviders(deps);
        const memoryBytes = installed.find(({ provider }) => provider === 'local')?.machine?.usableMemoryBytes;
        const here = tiersFor({ providers: installed.map(({ provider }) => provider) }, deps.offers);
        const others = tiersFor({ providers: EVERYBODY }, deps.offers).filter(
          ({ id }) => !here.some((own) => own.id === id),
        );
        const show = (tier: Tier, available: boolean) => ({
          id: tier.id,
          title: tier.title,
          provider: tier.provider,
          gpuName: tier.gpuName,
          gpuCount: tier.gpuCount,
          usableMemoryGiBPerGpu: tier.usableMemoryGiBPerGpu ?? (memoryBytes === undefined ? null : memoryBytes / GIB),
          usdPerHour: inUsd(tier.usdMicrosPerHour),
          priceSource: tier.priceSource,
          priceDate: 'priceDate' in tier && typeof tier.priceDate === 'string' ? tier.priceDate : null,
          available,
        });
        return {
          json: { items: [...here.map((tier) => show(tier, true)), ...others.map((tier) => show(tier, false))] },
        };
      },
    }),
  ];
}
