/**
 * A plan without the places that its owner has not agreed to pay for. A tier is chosen by its cheapest place, but the
 * next one that is tried may cost half as much again, or what nobody knows; and a model may turn out larger when it is
 * built than it was when its price was looked at (another commit, a token that shows more).
 */
import type { PlacementCandidate } from '../endpoint.ts';
import { UserError } from '../errors.ts';
import type { SizingPlan } from './plan.ts';

/** What one of the nodes may cost so that all of them stay within a limit; null for no limit. */
export function nodePriceMax(limitUsdMicrosPerHour: number | null, maxNodes: number): number | null {
  return limitUsdMicrosPerHour === null ? null : Math.floor(limitUsdMicrosPerHour / maxNodes);
}

export function affordable(
  candidates: readonly PlacementCandidate[],
  usdMicrosPerNodeHourMax: number | null,
): readonly PlacementCandidate[] {
  if (usdMicrosPerNodeHourMax === null) return candidates;
  return candidates.filter(
    ({ usdMicrosPerHour }) => usdMicrosPerHour !== null && usdMicrosPerHour <= usdMicrosPerNodeHourMax,
  );
}

/** @throws UserError `price_not_accepted` when no place is left */
export function withinPrice(plan: SizingPlan, usdMicrosPerNodeHourMax: number | null): SizingPlan {
  const candidates = affordable(plan.candidates, usdMicrosPerNodeHourMax);
  if (candidates.length === 0 && usdMicrosPerNodeHourMax !== null) {
    const price = plan.usdMicrosPerHour ?? null;
    const dollars = (micros: number) => `$${micros / 1e6}`;
    throw new UserError(
      'price_not_accepted',
      `${plan.model} needs ${plan.tier}, of which a node costs ${price === null ? 'what nobody knows' : `${dollars(price)} per hour`}; ${dollars(usdMicrosPerNodeHourMax)} was agreed to. Look at its price with POST /api/quote, then deploy it anew with "acceptPrice": true, or with fewer nodes.`,
      { details: { tier: plan.tier, usdMicrosPerHour: price, usdMicrosPerNodeHourMax } },
    );
  }
  return { ...plan, candidates };
}
