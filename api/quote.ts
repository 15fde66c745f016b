/** What a request would come to. The quote shows it, and provisioning records it. */
import { costRange, needsAcceptance } from '../domain/pricing.ts';
import { UserError } from '../domain/errors.ts';
import { type ModelPlan, planModel } from '../hub/plan-model.ts';
import type { ProvisionRequest } from './contract.ts';
import type { RouteDeps } from './deps.ts';
import { inUsd } from './endpoint-document.ts';
import type { PlacementChoice } from './placement.ts';

/** @throws UserError of the Hub and of sizing; `dependency_unavailable` until the worker has told what is here */
export async function sizeRequest(
  deps: Pick<RouteDeps, 'models'>,
  ownerId: string,
  body: ProvisionRequest,
  { capacity }: PlacementChoice,
  waitMs: number,
): Promise<ModelPlan> {
  if (capacity.machine === null && !capacity.providers.some((provider) => provider !== 'local')) {
    throw new UserError(
      'dependency_unavailable',
      'The worker has not told yet what this machine offers. Try again in a few seconds.',
      { headers: { 'retry-after': '2' } },
    );
  }
  return planModel(deps.models, capacity, {
    ownerId,
    model: body.model,
    revision: body.revision ?? null,
    token: body.huggingFaceToken ?? null,
    region: body.region ?? null,
    tier: body.tier ?? null,
    contextLength: body.contextLength ?? null,
    targetConcurrency: body.targetConcurrency,
    signal: AbortSignal.timeout(waitMs),
  });
}

export interface PriceVerdict {
  range: ReturnType<typeof costRange>;
  needsAcceptance: boolean;
}

export function judgePrice(
  usdMicrosPerHour: number | null,
  nodes: Pick<ProvisionRequest, 'minNodes' | 'maxNodes'>,
  limitUsdMicrosPerHour: number | null,
): PriceVerdict {
  const range = costRange(usdMicrosPerHour, nodes);
  return { range, needsAcceptance: needsAcceptance(range.usdMicrosPerHourMax, limitUsdMicrosPerHour) };
}

/** @throws UserError `price_not_accepted` when the owner has to say yes first and has not */
export function insistOnAcceptance(
  body: ProvisionRequest,
  tier: string | null,
  usdMicrosPerHour: number | null,
  limitUsdMicrosPerHour: number | null,
): void {
  const { range, needsAcceptance: needed } = judgePrice(usdMicrosPerHour, body, limitUsdMicrosPerHour);
  if (!needed || body.acceptPrice) return;
  const [max, limit] = [inUsd(range.usdMicrosPerHourMax), inUsd(limitUsdMicrosPerHour)];
  const price = max === null ? 'nobody knows' : `is $${max} per hour at ${body.maxNodes} node(s)`;
  throw new UserError(
    'price_not_accepted',
    `The limit here is $${limit} per hour, and the price of this endpoint${tier ? ` (${tier})` : ''} ${price}. Send "acceptPrice": true to go on, or ask for less.`,
    {
      details: {
        tier,
        maxNodes: body.maxNodes,
        usdPerHour: inUsd(usdMicrosPerHour),
        usdPerHourMax: max,
        limitUsdPerHour: limit,
      },
    },
  );
}
