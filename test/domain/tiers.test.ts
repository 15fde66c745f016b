import { describe, expect, it } from '@jest/globals';
import { GPU_OFFERS } from '../../domain/sizing/data/gpu-offers.ts';
import { LOCAL_TIER_ID, TIERS, findTier, gpuTiersFor, placementsOf, tiersFor } from '../../domain/tiers.ts';
import { offerLike } from './sizing/support.ts';

const BOTH = { providers: ['aws', 'gcp'] } as const;

describe('the tiers of an installation without clouds', () => {
  it('have each id once, and are all found by it', () => {
    expect(new Set(TIERS.map((tier) => tier.id)).size).toBe(TIERS.length);
    for (const tier of TIERS) expect(findTier(tier.id)).toBe(tier);
  });

  it('are this machine, where nothing is billed', () => {
    expect(findTier(LOCAL_TIER_ID)).toMatchObject({ provider: 'local', usdMicrosPerHour: 0 });
    expect(tiersFor({ providers: ['local'] })).toEqual(TIERS);
  });

  it('are not found by an unknown id', () => {
    expect(findTier('z9000-1x')).toBeUndefined();
    expect(findTier('__proto__')).toBeUndefined();
  });
});

describe('the GPU ladder', () => {
  const ladder = gpuTiersFor(BOTH);

  it('goes from one L4 or A10G to eight B200, each id once', () => {
    const ids = ladder.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(
      expect.arrayContaining([
        'l4-1x',
        'a10g-1x',
        'l40s-1x',
        'rtx-pro-6000-1x',
        'a100-40-8x',
        'a100-80-8x',
        'h100-1x',
        'h200-8x',
        'b200-8x',
      ]),
    );
    expect([ids[0], ids.at(-1)]).toEqual(['l4-1x', 'b200-8x']);
  });

  it('is ordered by price, unknown last, and never says free', () => {
    const prices = ladder.map(({ usdMicrosPerHour }) => usdMicrosPerHour ?? Number.POSITIVE_INFINITY);
    expect(prices).toEqual(prices.toSorted((a, b) => a - b));
    for (const { usdMicrosPerHour } of ladder) expect(usdMicrosPerHour).not.toBe(0);
  });

  it('says of every price where it is from and when', () => {
    for (const { offers } of ladder) {
      for (const offer of offers) {
        expect(offer.priceSource).not.toBe('');
        if (offer.usdMicrosPerHour !== null) expect(offer.priceDate).toMatch(/^20\d\d(-\d\d-\d\d)?$/);
      }
    }
  });

  it('knows usable memory, not the number on the box', () => {
    for (const { usableMemoryGiBPerGpu, offers } of ladder) {
      expect(usableMemoryGiBPerGpu).toBeGreaterThan(20);
      expect(offers.length).toBeGreaterThan(0);
    }
    expect(ladder.find(({ id }) => id === 'h100-8x')?.usableMemoryGiBPerGpu).toBe(79.2);
  });

  it('has only tiers of the providers that an installation has', () => {
    expect(gpuTiersFor({ providers: ['local'] })).toEqual([]);
    expect(gpuTiersFor({ providers: ['gcp'] }).every(({ provider }) => provider === 'gcp')).toBe(true);
    expect(tiersFor({ providers: ['local', 'aws'] })[0]).toBe(TIERS[0]);
  });

  it('leaves out what is not sold on demand', () => {
    expect(GPU_OFFERS.some(({ instanceType }) => instanceType === 'a4-highgpu-8g')).toBe(true);
    expect(ladder.flatMap(({ offers }) => offers).some(({ instanceType }) => instanceType === 'a4-highgpu-8g')).toBe(
      false,
    );
  });

  it('leaves out an offer whose spot price is above its on-demand price', () => {
    const leaked = offerLike({ gpu: 'h100', gpuCount: 1, usdMicrosPerHour: 100, spotUsdMicrosPerHour: 200 });
    expect(gpuTiersFor({ providers: ['aws'] }, [leaked])).toEqual([]);
  });

  it('tries the machines of a tier cheapest first', () => {
    const tier = ladder.find(({ id }) => id === 'l4-1x');
    const places = tier ? placementsOf(tier) : [];
    expect(places.map(({ instanceType }) => instanceType).slice(0, 3)).toEqual([
      'g2-standard-4',
      'g6.xlarge',
      'g2-standard-8',
    ]);
    expect(places.every((place) => place.purchaseOption === 'on_demand' && place.tier === 'l4-1x')).toBe(true);
  });
});
