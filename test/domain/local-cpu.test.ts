import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UserError } from '../../domain/errors.ts';
import { planLocalCpu } from '../../domain/sizing/local-cpu.ts';
import type { MachineMemory, ModelFacts } from '../../domain/sizing/plan.ts';

const GIB = 2 ** 30;
const wish = { contextLength: null, concurrency: 4 };

function model(...sizesBytes: number[]): ModelFacts {
  const files = sizesBytes.map((sizeBytes, i) => ({ path: `part-${i}.gguf`, sizeBytes, sha256: null }));
  return { model: 'org/name', revision: 'abc', files, source: 'metadata' };
}

function machine(usableMemoryBytes: number): MachineMemory {
  return { tier: 'local-cpu', usableMemoryBytes, candidates: [] };
}

function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof UserError) return error.code;
    throw error;
  }
}

describe('planLocalCpu', () => {
  it('plans a small model with room for its cache and overhead, and says why', () => {
    const plan = planLocalCpu(model(100 * 2 ** 20, 40 * 2 ** 20), machine(4 * GIB), wish);
    expect(plan).toMatchObject({
      tier: 'local-cpu',
      tensorParallel: 1,
      contextLength: 2048,
      concurrency: 4,
      revision: 'abc',
    });
    expect(plan.weightsBytes).toBe(140 * 2 ** 20);
    expect(plan.requiredMemoryBytes).toBe(plan.weightsBytes + plan.kvCacheBytes + plan.overheadBytes);
    expect(plan.reasons.join('\n')).toMatch(/weights 140 MiB from 2 file/);
  });

  it('refuses a model without a GGUF file and says what to do', () => {
    expect(codeOf(() => planLocalCpu(model(), machine(4 * GIB), wish))).toBe('model_no_gguf');
    expect(() => planLocalCpu(model(), machine(4 * GIB), wish)).toThrow(/GGUF/);
  });

  it('refuses a model that does not fit, with both numbers', () => {
    expect(codeOf(() => planLocalCpu(model(40 * GIB), machine(4 * GIB), wish))).toBe('model_too_large');
    expect(() => planLocalCpu(model(40 * GIB), machine(4 * GIB), wish)).toThrow(
      /needs about .* GiB .* offers 4\.0 GiB/,
    );
  });

  const sizes = fc.array(fc.integer({ min: 1, max: 64 * GIB }), { minLength: 1, maxLength: 5 });
  const memory = fc.integer({ min: 1, max: 128 * GIB });
  const context = fc.integer({ min: 1, max: 131_072 });
  const concurrency = fc.integer({ min: 1, max: 64 });

  it('never plans more memory than the machine offers, nor a volume smaller than the weights', () => {
    fc.assert(
      fc.property(sizes, memory, context, concurrency, (sizesBytes, usable, contextLength, sequences) => {
        const plan = () =>
          planLocalCpu(model(...sizesBytes), machine(usable), { contextLength, concurrency: sequences });
        if (codeOf(plan) !== null) return;
        const { requiredMemoryBytes, usableMemoryBytes, volumeGiB, weightsBytes } = plan();
        expect(requiredMemoryBytes).toBeLessThanOrEqual(usableMemoryBytes);
        expect(volumeGiB * GIB).toBeGreaterThan(weightsBytes);
      }),
    );
  });

  it('never needs less memory for a longer context', () => {
    fc.assert(
      fc.property(sizes, context, context, (sizesBytes, a, b) => {
        const required = (contextLength: number) =>
          planLocalCpu(model(...sizesBytes), machine(2 ** 50), { contextLength, concurrency: 4 }).requiredMemoryBytes;
        expect(required(Math.max(a, b))).toBeGreaterThanOrEqual(required(Math.min(a, b)));
      }),
    );
  });
});
