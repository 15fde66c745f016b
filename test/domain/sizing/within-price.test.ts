import { describe, expect, it } from '@jest/globals';
import { planSizing } from '../../../domain/sizing/plan-sizing.ts';
import { nodePriceMax, withinPrice } from '../../../domain/sizing/within-price.ts';
import { LADDER } from './published.ts';
import { factsFor } from './support.ts';

const plan = planSizing(factsFor('org/thing-8B', 16e9, null), { tiers: LADDER, tier: 'rtx-pro-6000-1x' });
const prices = (max: number | null) => withinPrice(plan, max).candidates.map((place) => place.usdMicrosPerHour);

describe('a plan within a price', () => {
  it('tries no place that costs more than was agreed to, and none of which nobody knows the price', () => {
    expect(prices(null)).toEqual([3_363_120, 3_998_160, 5_268_240, null]);
    expect(prices(4_000_000)).toEqual([3_363_120, 3_998_160]);
    expect(prices(3_363_120)).toEqual([3_363_120]);
  });

  it('is refused with the numbers where no place is left', () => {
    expect(() => withinPrice(plan, 3_363_119)).toThrow(
      expect.objectContaining({ code: 'price_not_accepted', message: expect.stringMatching(/3\.36312.*acceptPrice/) }),
    );
  });

  it('shares the limit among all nodes, as the check at the door does', () => {
    expect([nodePriceMax(10, 3), nodePriceMax(10, 1), nodePriceMax(null, 3), nodePriceMax(0, 1)]).toEqual([
      3,
      10,
      null,
      0,
    ]);
  });
});
