import { describe, expect, it } from '@jest/globals';
import { hintFromName } from '../../../domain/sizing/name-hints.ts';
import { factsAsCollected, fitCases, fitResult, modelResult, models, nameResult, names } from './published.ts';

/** Each of these is explained in docs/sizing.md. */
const KNOWN_WRONG = ['Llama-3-70B bf16 8xA10G (TRT-LLM)', 'Llama-3.1-405B-FP8(Meta mixed) 8xH100 131072'];

describe('published outcomes', () => {
  const results = fitCases.map(fitResult);

  it('are foretold but for the two that the documentation explains', () => {
    expect(results).toHaveLength(26);
    expect(results.filter(({ right }) => !right).map((result) => result.case)).toEqual(KNOWN_WRONG);
  });

  it.each(results.filter(({ expected, isOtherRuntime }) => !expected && !isOtherRuntime))(
    'never choose unasked what failed: $case',
    ({ withMargin }) => {
      expect(withMargin).toBe(false);
    },
  );

  it('choose one that failed with another runtime, which the documentation says', () => {
    const chosen = results.filter(({ expected, withMargin }) => !expected && withMargin);
    expect(chosen.map((result) => result.case)).toEqual(['Llama-3-70B bf16 8xA10G (TRT-LLM)']);
  });
});

describe('published configurations', () => {
  const results = models.map(modelResult);

  it('are met with a machine at most one rung above the least that is published', () => {
    const claims = results.filter(({ rungsOver }) => rungsOver !== null);
    expect(claims.length).toBeGreaterThan(55);
    expect(claims.filter(({ rungsOver }) => (rungsOver ?? 0) > 1)).toEqual([]);
  });

  it('are refused only where they need more than one machine', () => {
    const refused = results.filter(({ plan }) => plan === null);
    expect(refused.map(({ id, refused: code }) => [id, code])).toEqual([['zai-org/GLM-5.1', 'model_too_large']]);
  });

  it('never take a quantized model for a 16-bit one', () => {
    const quantized = results.filter(({ stored }) => stored !== 'bf16');
    expect(quantized.length).toBeGreaterThan(60);
    expect(quantized.filter(({ facts }) => facts.quantization?.format === 'bf16')).toEqual([]);
  });

  it('never count more than the bytes of a quantized model, even where its config does not say that it is one', () => {
    const bare = models.filter(({ stored }) => stored !== 'bf16').map((row) => ({ row, facts: factsAsCollected(row) }));
    const wrong = bare.filter(({ row, facts }) => facts.weightsBytes !== row.weightBytes);
    expect(wrong).toEqual([]);
  });

  it('take a quantized model for one by its name alone, where the name or the family says so', () => {
    const byName = models.filter(({ stored }) => stored !== 'bf16').map(({ id }) => ({ id, hint: hintFromName(id) }));
    expect(byName.filter(({ hint }) => hint?.quantization.format === 'bf16')).toEqual([]);
    expect(byName.filter(({ hint }) => hint === null).length).toBeLessThanOrEqual(1);
  });

  it('always leave the margin', () => {
    for (const { plan } of results) {
      if (plan) expect(plan.marginBytesPerGpu).toBeGreaterThanOrEqual(1.5 * 2 ** 30);
    }
  });
});

describe('names', () => {
  it.each(names)('are read as what they are: $name', (row) => {
    expect(nameResult(row)).toMatchObject({ right: true });
  });

  it.each(names.filter(({ bitsPerParameter }) => bitsPerParameter !== null))('tell the bits: $name', (row) => {
    const bits = nameResult(row).hint?.quantization.bitsPerParameter ?? 0;
    expect(Math.abs(bits / (row.bitsPerParameter ?? 16) - 1)).toBeLessThan(0.1);
  });
});
