import { describe, expect, it } from '@jest/globals';
import { LOCAL_TIER_ID, TIERS, findTier } from '../../domain/tiers.ts';

describe('the hardware ladder', () => {
  it('has each id once, and finds every tier by it', () => {
    expect(new Set(TIERS.map((tier) => tier.id)).size).toBe(TIERS.length);
    for (const tier of TIERS) expect(findTier(tier.id)).toBe(tier);
  });

  it('knows this machine, where nothing is billed', () => {
    expect(findTier(LOCAL_TIER_ID)).toMatchObject({ provider: 'local', usdMicrosPerHour: 0 });
  });

  it('finds nothing by an unknown id', () => {
    expect(findTier('z9000-1x')).toBeUndefined();
    expect(findTier('__proto__')).toBeUndefined();
  });

  it('never says free where something is billed', () => {
    for (const tier of TIERS.filter((other) => other.provider !== 'local')) expect(tier.usdMicrosPerHour).not.toBe(0);
  });
});
