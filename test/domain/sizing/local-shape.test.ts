import { describe, expect, it } from '@jest/globals';
import { planLocalCpu } from '../../../domain/sizing/local-cpu.ts';
import { readModelShape } from '../../../domain/sizing/model-shape.ts';
import { GIB } from '../../../domain/sizing/units.ts';
import { file } from './support.ts';

const machine = { tier: 'local-cpu', usableMemoryBytes: 64 * GIB, candidates: [] };
const shape = readModelShape({
  num_hidden_layers: 32,
  hidden_size: 4096,
  num_attention_heads: 32,
  num_key_value_heads: 8,
});
const facts = { model: 'org/x', revision: null, files: [file('x.gguf', 5e9)], source: 'metadata' } as const;

describe('planLocalCpu with the shape of the model', () => {
  it('counts the KV cache exactly instead of by a bound', () => {
    const plan = planLocalCpu({ ...facts, shape }, machine, { contextLength: 8192, concurrency: 2 });
    expect(plan.kvCacheBytes).toBe(131_072 * 8192 * 2);
    expect(plan.confidence).toBe('high');
    expect(plan.reasons.join()).not.toMatch(/upper bound/);
  });

  it('says that it is a bound without it', () => {
    const plan = planLocalCpu(facts, machine, { contextLength: 8192, concurrency: 2 });
    expect(plan.confidence).toBe('medium');
    expect(plan.reasons.join()).toMatch(/upper bound/);
  });

  it('does not ask for more context than the model was made for', () => {
    const short = readModelShape({
      num_hidden_layers: 12,
      hidden_size: 768,
      num_attention_heads: 12,
      n_positions: 1024,
    });
    for (const contextLength of [null, 8192]) {
      const plan = planLocalCpu({ ...facts, shape: short }, machine, { contextLength, concurrency: 1 });
      expect(plan.contextLength).toBe(1024);
    }
  });
});
