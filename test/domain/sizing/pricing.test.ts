import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { costRange, needsAcceptance, overrideOffers } from '../../../domain/pricing.ts';
import { GPU_OFFERS } from '../../../domain/sizing/data/gpu-offers.ts';
import { gpuTiersFor } from '../../../domain/tiers.ts';

function override(...offers: object[]) {
  return overrideOffers(GPU_OFFERS, JSON.stringify({ offers }));
}

describe('costRange', () => {
  it('is exact in micro-dollars, per hour and per month of 730 hours', () => {
    expect(costRange(804_800, { minNodes: 0, maxNodes: 3 })).toEqual({
      usdMicrosPerHourMin: 0,
      usdMicrosPerHourMax: 2_414_400,
      usdMicrosPerMonthMin: 0,
      usdMicrosPerMonthMax: 1_762_512_000,
    });
  });

  it('stays unknown where the price is', () => {
    expect(Object.values(costRange(null, { minNodes: 0, maxNodes: 1 }))).toEqual([null, null, null, null]);
  });

  it('asks to be accepted above a limit, and when unknown under any limit', () => {
    expect([
      needsAcceptance(5, null),
      needsAcceptance(5, 5),
      needsAcceptance(6, 5),
      needsAcceptance(null, 5),
      needsAcceptance(null, null),
    ]).toEqual([false, false, true, true, false]);
  });
});

describe("an operator's price file", () => {
  it('changes a price, adds a region, and says where the price comes from', () => {
    const { offers, problems } = override(
      { provider: 'aws', instanceType: 'g6.xlarge', usdPerHour: 0.5, source: 'contract', date: '2026-11-01' },
      { provider: 'aws', instanceType: 'g6.xlarge', region: 'eu-central-1', usdPerHour: 0.97 },
    );
    expect(problems).toEqual([]);
    expect(offers).toHaveLength(GPU_OFFERS.length + 1);
    const here = gpuTiersFor({ providers: ['aws'] }, offers).find(({ id }) => id === 'l4-1x');
    expect(here).toMatchObject({ usdMicrosPerHour: 500_000, priceSource: 'contract', priceDate: '2026-11-01' });
    const there = gpuTiersFor({ providers: ['aws'], region: 'eu-central-1' }, offers);
    expect(there.map(({ id, usdMicrosPerHour }) => [id, usdMicrosPerHour])).toEqual([['l4-1x', 970_000]]);
  });

  it('leaves a price that it does not name, with its source, and knows none in another region', () => {
    const { offers } = override(
      { provider: 'aws', instanceType: 'g6.xlarge', region: 'us-east-1' },
      { provider: 'aws', instanceType: 'g6.xlarge', region: 'eu-central-1' },
    );
    const found = offers.filter(({ instanceType }) => instanceType === 'g6.xlarge');
    expect(found).toMatchObject([
      { region: 'us-east-1', usdMicrosPerHour: 804_800, priceSource: expect.stringContaining('karpenter') },
      { region: 'eu-central-1', usdMicrosPerHour: null, priceSource: 'unknown' },
    ]);
  });

  it('takes what cannot be bought out of the ladder', () => {
    const { offers } = override({ provider: 'aws', instanceType: 'p6-b200.48xlarge', onDemandOffered: false });
    expect(gpuTiersFor({ providers: ['aws'] }, offers).some(({ id }) => id === 'b200-8x')).toBe(false);
  });

  it('adds a machine that the catalogue does not know', () => {
    const { offers } = override({
      provider: 'aws',
      instanceType: 'p5.24xlarge',
      region: 'us-east-1',
      gpu: 'h100',
      gpuCount: 4,
      usdPerHour: 27,
    });
    expect(gpuTiersFor({ providers: ['aws'] }, offers).find(({ id }) => id === 'h100-4x')).toMatchObject({
      usdMicrosPerHour: 27_000_000,
    });
  });

  it.each([
    [
      'spot above on demand',
      { provider: 'aws', instanceType: 'g6.xlarge', usdPerHour: 0.5, spotUsdPerHour: 0.6 },
      /spot price is above/,
    ],
    ['a price of 0', { provider: 'aws', instanceType: 'g6.xlarge', usdPerHour: 0 }, /above 0/],
    ['a negative price', { provider: 'aws', instanceType: 'g6.xlarge', usdPerHour: -1 }, /above 0/],
    ['a price in words', { provider: 'aws', instanceType: 'g6.xlarge', usdPerHour: '1' }, /above 0/],
    [
      'an unknown machine without a GPU',
      { provider: 'aws', instanceType: 'x1.large', region: 'us-east-1' },
      /name its gpu/,
    ],
    ['another cloud', { provider: 'azure', instanceType: 'x' }, /aws or gcp/],
  ])('does not take %s, and says which entry', (_, entry, problem) => {
    const { offers, problems } = override(entry);
    expect(offers).toEqual(GPU_OFFERS);
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems[0]).toMatch(/^offers\[0\]/);
  });

  it('keeps the catalogue whatever the text is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify({ offers: [value] })),
        ),
        (text) => {
          const { offers } = overrideOffers(GPU_OFFERS, text);
          expect(offers.length).toBeGreaterThanOrEqual(GPU_OFFERS.length);
        },
      ),
    );
  });
});
