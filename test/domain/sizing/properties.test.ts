/** What must hold for every model and every machine, tried on thousands that nobody thought of. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UserError } from '../../../domain/errors.ts';
import { gatherFacts } from '../../../domain/sizing/gather-facts.ts';
import { type RuntimeSettings, fitOnGpu } from '../../../domain/sizing/memory.ts';
import { readModelShape } from '../../../domain/sizing/model-shape.ts';
import { type SizingOptions, modelMemory, planSizing } from '../../../domain/sizing/plan-sizing.ts';
import type { SizingPlan } from '../../../domain/sizing/plan.ts';
import { quantizationOf } from '../../../domain/sizing/quantization.ts';
import { GIB } from '../../../domain/sizing/units.ts';
import { byCost } from '../../../domain/tiers.ts';
import { LADDER, factsOfRow, models } from './published.ts';
import { factsFor } from './support.ts';

const EXPECTED_CODES = ['model_too_large', 'hardware_undetermined', 'model_unsupported'];

/** The plan, or the code of the error; anything but a UserError fails the test. */
function outcome(work: () => SizingPlan): SizingPlan | string {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError) return error.code;
    throw error;
  }
}

const hostileNumber = fc.oneof(
  fc.constantFrom(0, -1, 1, 2, 7, 1e308, -1e308, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 0.5, 1e9),
  fc.integer({ min: 1, max: 200_000 }),
);
const hostileValue = fc.oneof(
  hostileNumber,
  fc.string(),
  fc.constant(null),
  fc.boolean(),
  fc.jsonValue({ maxDepth: 3 }),
);

// biome-ignore format: names read best in rows
const FIELDS = [
  'num_hidden_layers', 'hidden_size', 'num_attention_heads', 'num_key_value_heads', 'head_dim', 'vocab_size',
  'max_position_embeddings', 'intermediate_size', 'moe_intermediate_size', 'num_local_experts', 'num_experts_per_tok',
  'kv_lora_rank', 'qk_rope_head_dim', 'index_topk', 'index_head_dim', 'sliding_window', 'sliding_window_pattern',
  'layer_types', 'full_attention_interval', 'linear_num_value_heads', 'linear_key_head_dim', 'linear_value_head_dim',
  'hybrid_override_pattern', 'mamba_num_heads', 'mamba_head_dim', 'ssm_state_size', 'num_kv_shared_layers',
  'attn_layer_period', 'quantization_config', 'vision_config', 'text_config', 'model_type', 'auto_map', '__proto__',
] as const;

const hostileConfig = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(fc.constantFrom(...FIELDS), hostileValue, { maxKeys: FIELDS.length }),
  fc
    .tuple(
      fc.constantFrom(...models.map(({ config }) => config)),
      fc.dictionary(fc.constantFrom(...FIELDS), hostileValue),
    )
    .map(([config, changes]) => ({ ...config, ...changes })),
);

describe('whatever a repository holds', () => {
  const evidence = fc.record({
    model: fc.oneof(fc.string(), fc.constantFrom('org/thing', 'org/Llama-8B', 'org/model-70B-AWQ')),
    revision: fc.constant(null),
    files: fc.option(
      fc.array(
        fc.record({
          path: fc.oneof(fc.string(), fc.constantFrom('model.safetensors', 'adapter_config.json', 'a.gguf', 'x.bin')),
          sizeBytes: fc.oneof(hostileNumber, fc.integer({ min: 0, max: 2 ** 45 })),
          sha256: fc.constant(null),
        }),
        { maxLength: 6 },
      ),
    ),
    index: hostileValue,
    config: hostileConfig,
    modelopt: hostileValue,
    safetensors: fc.oneof(
      hostileValue,
      fc.record({ parameters: fc.dictionary(fc.string(), hostileNumber), total: hostileNumber }),
    ),
    pipelineTag: fc.option(fc.constantFrom('text-generation', 'text-to-image', 'x')),
  });
  const options = fc.record({
    contextLength: fc.option(fc.integer({ min: 1, max: 10_000_000 })),
    targetConcurrency: fc.option(fc.integer({ min: 1, max: 1024 })),
    tier: fc.option(fc.constantFrom(...LADDER.map(({ id }) => id))),
    fp8KvCache: fc.boolean(),
  });

  it('gives a tier of the ladder with finite numbers, or an error that says what to do', () => {
    fc.assert(
      fc.property(evidence, options, (found, wish) => {
        const plan = outcome(() => planSizing(gatherFacts(found), { tiers: LADDER, ...wish }));
        if (typeof plan === 'string') {
          expect(EXPECTED_CODES).toContain(plan);
          return;
        }
        expect(LADDER.map(({ id }) => id)).toContain(plan.tier);
        for (const bytes of [
          plan.weightsBytes,
          plan.kvCacheBytes,
          plan.overheadBytes,
          plan.volumeGiB,
          plan.contextLength,
        ]) {
          expect(bytes).toBeGreaterThanOrEqual(0);
        }
        // A plan is stored as JSON, which knows neither Infinity nor NaN.
        JSON.stringify(plan, (key, value: unknown) => {
          if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${key} is ${value}`);
          return value;
        });
      }),
      { numRuns: 3000 },
    );
  });

  it('never takes the stack down, however deep it is nested', () => {
    let deep: unknown = { num_hidden_layers: 1 };
    for (let level = 0; level < 20_000; level++) deep = { text_config: deep, quantization_config: deep };
    expect(readModelShape(deep)).toBeNull();
    expect(factsFor('org/thing', 1e9, deep).confidence).toBe('medium');
  });
});

describe('more memory', () => {
  const shapes = fc.constantFrom(...models.map(({ config }) => readModelShape(config)), null);
  const settings: fc.Arbitrary<RuntimeSettings> = fc.record({
    tensorParallel: fc.constantFrom(1, 2, 4, 8),
    maxNumSeqs: fc.integer({ min: 1, max: 1024 }),
    maxBatchedTokens: fc.constantFrom(2048, 8192, 16_384),
    gpuMemoryUtilization: fc.constantFrom(0.8, 0.9, 0.95),
    kvBytesPerElement: fc.constantFrom(1, 2),
    enforceEager: fc.boolean(),
  });

  it('never makes a model stop fitting', () => {
    fc.assert(
      fc.property(
        shapes,
        settings,
        fc.integer({ min: 1, max: 2 ** 40 }),
        fc.tuple(fc.double({ min: 4, max: 300, noNaN: true }), fc.double({ min: 4, max: 300, noNaN: true })),
        fc.record({
          contextLength: fc.integer({ min: 1, max: 1_048_576 }),
          sequences: fc.integer({ min: 1, max: 64 }),
        }),
        (shape, chosen, weightsBytes, memories, workload) => {
          const [less, more] = memories
            .toSorted((a, b) => a - b)
            .map((memoryGiB) =>
              fitOnGpu(
                { shape, weightsBytes, parameters: weightsBytes / 2, quantization: quantizationOf('bf16') },
                { usableMemoryBytes: memoryGiB * GIB, computeCapability: 9 },
                chosen,
                workload,
              ),
            );
          expect(!less?.fits || more?.fits).toBe(true);
          expect(more?.kvRoomBytes).toBeGreaterThanOrEqual(less?.kvRoomBytes ?? 0);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('never makes a published model drop out of a larger tier with as many GPUs', () => {
    for (const row of models) {
      const facts = factsOfRow(row);
      for (const count of [1, 2, 4, 8]) {
        const tiers = LADDER.filter(({ gpuCount }) => gpuCount === count).toSorted(
          (a, b) => a.usableMemoryGiBPerGpu - b.usableMemoryGiBPerGpu,
        );
        const outcomes = tiers.map((tier) => outcome(() => planSizing(facts, { tiers: [tier] })));
        const first = outcomes.findIndex((plan) => typeof plan !== 'string');
        const dropped = first === -1 ? [] : outcomes.slice(first).filter((plan) => plan === 'model_too_large');
        expect([row.id, count, dropped]).toEqual([row.id, count, []]);
      }
    }
  });
});

const anyModel = fc.oneof(
  fc.constantFrom(...models.map(factsOfRow)),
  fc
    .tuple(fc.constantFrom(...models), fc.integer({ min: 1e8, max: 1.5e12 }))
    .map(([row, bytes]) => factsFor(row.id, bytes, row.config)),
);
const length = fc.integer({ min: 128, max: 1_048_576 });
const sequences = fc.integer({ min: 1, max: 256 });

/** Position in the order of cost; beyond the last for what fits nowhere. */
function rank(plan: SizingPlan | string): number {
  if (typeof plan === 'string') return LADDER.length;
  return LADDER.toSorted(byCost).findIndex(({ id }) => id === plan.tier);
}

describe('a longer context, or more at once', () => {
  it('never gets a smaller tier', () => {
    fc.assert(
      fc.property(anyModel, length, length, sequences, sequences, fc.boolean(), (facts, a, b, c, d, fp8KvCache) => {
        const at = (contextLength: number, targetConcurrency: number) =>
          rank(outcome(() => planSizing(facts, { tiers: LADDER, contextLength, targetConcurrency, fp8KvCache })));
        expect(at(Math.max(a, b), Math.max(c, d))).toBeGreaterThanOrEqual(at(Math.min(a, b), Math.min(c, d)));
      }),
      { numRuns: 1000 },
    );
  });

  it('never gets a smaller tier at any step, whatever setting might change there', () => {
    const steps = Array.from({ length: 33 }, (_, at) => 1024 * (at + 1)).concat([65_536, 131_072, 262_144, 1_048_576]);
    for (const row of models) {
      const facts = factsOfRow(row);
      for (const targetConcurrency of [1, 4]) {
        const ranks = steps.map((contextLength) =>
          rank(outcome(() => planSizing(facts, { tiers: LADDER, contextLength, targetConcurrency }))),
        );
        expect([row.id, ...ranks]).toEqual([row.id, ...ranks.toSorted((a, b) => a - b)]);
      }
    }
  });

  it('is what the runtime is started with, and fits', () => {
    fc.assert(
      fc.property(anyModel, length, sequences, (facts, contextLength, targetConcurrency) => {
        const options: SizingOptions = { tiers: LADDER, contextLength, targetConcurrency };
        const plan = outcome(() => planSizing(facts, options));
        if (typeof plan === 'string') return;
        const limit = facts.shape?.maxPosition ?? contextLength;
        expect(plan.contextLength).toBeGreaterThanOrEqual(Math.min(contextLength, limit));
        expect(plan.contextLength).toBeLessThanOrEqual(Math.max(limit, contextLength));
        expect(plan.marginBytesPerGpu).toBeGreaterThanOrEqual(1.5 * GIB);
        expect(modelMemory(facts).weightsBytes).toBeLessThanOrEqual(plan.weightsBytes);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('price', () => {
  it('orders what fits: the chosen tier is the cheapest, alternatives follow, unknown prices last', () => {
    const unpriced = LADDER.map((tier, at) => (at % 3 === 0 ? { ...tier, usdMicrosPerHour: null } : tier));
    fc.assert(
      fc.property(anyModel, fc.constantFrom(LADDER, unpriced), (facts, tiers) => {
        const plan = outcome(() => planSizing(facts, { tiers }));
        if (typeof plan === 'string') return;
        const prices = [plan.usdMicrosPerHour, ...(plan.alternatives ?? []).map((other) => other.usdMicrosPerHour)];
        const comparable = prices.map((price) => price ?? Number.POSITIVE_INFINITY);
        expect(comparable).toEqual(comparable.toSorted((a, b) => a - b));
        // Nothing cheaper would have done.
        const cheaper = tiers.filter(
          ({ usdMicrosPerHour }) =>
            usdMicrosPerHour !== null && usdMicrosPerHour < (plan.usdMicrosPerHour ?? Number.POSITIVE_INFINITY),
        );
        for (const tier of cheaper)
          expect(outcome(() => planSizing(facts, { tiers: [tier] }))).toEqual(expect.any(String));
      }),
      { numRuns: 500 },
    );
  });
});
