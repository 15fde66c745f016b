import { describe, expect, it } from '@jest/globals';
import { UserError } from '../../../domain/errors.ts';
import { type HubEvidence, gatherFacts } from '../../../domain/sizing/gather-facts.ts';
import { planSizing } from '../../../domain/sizing/plan-sizing.ts';
import { LADDER } from './published.ts';
import { factsFor, file } from './support.ts';

const llama = {
  model_type: 'llama',
  num_hidden_layers: 32,
  hidden_size: 4096,
  num_attention_heads: 32,
  num_key_value_heads: 8,
};

function facts(evidence: Partial<HubEvidence>) {
  return gatherFacts({
    model: 'org/thing',
    revision: null,
    files: null,
    index: null,
    config: null,
    modelopt: null,
    safetensors: null,
    pipelineTag: 'text-generation',
    ...evidence,
  });
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

describe('gatherFacts', () => {
  it('is surest with files and config', () => {
    const found = facts({ files: [file('model.safetensors', 16_060_000_000)], config: llama });
    expect(found).toMatchObject({
      source: 'metadata',
      confidence: 'high',
      weightsBytes: 16_060_000_000,
      format: 'safetensors',
    });
  });

  it('bounds the KV cache where only the listing of a gated model can be read, and says so', () => {
    const found = facts({ files: [file('model.safetensors', 16_060_000_000)] });
    expect(found).toMatchObject({ source: 'metadata', confidence: 'medium', shape: null });
    const plan = planSizing(found, { tiers: LADDER });
    expect(plan.reasons.join('\n')).toMatch(/a bound.*\n.*config\.json could not be read/s);
    expect(plan.runtimeFlags).toEqual(expect.arrayContaining(['--max-model-len', 'auto']));
  });

  it('counts parameters where files cannot be listed, but only those stored as they are counted', () => {
    const safetensors = { parameters: { BF16: 8_030_261_248 }, total: 8_030_261_248 };
    expect(facts({ safetensors })).toMatchObject({ source: 'metadata', weightsBytes: 16_060_522_496 });
    // The Hub counts the logical parameters of a packed model: eight times what is stored.
    const packed = { parameters: { I32: 70_000_000_000, F16: 1_000_000 }, total: 70_001_000_000 };
    const quantized = { ...llama, quantization_config: { quant_method: 'gptq', bits: 4 } };
    expect(facts({ model: 'org/x-70B-GPTQ', safetensors: packed, config: quantized })).toMatchObject({
      source: 'name-hint',
      weightsBytes: Math.ceil(((70e9 * 4.25) / 8) * 1.1),
    });
  });

  it('takes the size from the name where there is nothing else, with a tenth on top', () => {
    const found = facts({ model: 'org/thing-8B' });
    expect(found).toMatchObject({ source: 'name-hint', confidence: 'low', weightsBytes: Math.ceil(16e9 * 1.1) });
    const { marginBytesPerGpu, memoryPerGpu } = planSizing(found, { tiers: LADDER });
    expect(marginBytesPerGpu).toBeGreaterThanOrEqual(0.1 * (memoryPerGpu?.usableMemoryBytes ?? 0));
  });

  it('never falls back to the smallest tier: unknown is an error, unless the user names the tier', () => {
    const found = facts({ model: 'org/thing' });
    expect(codeOf(() => planSizing(found, { tiers: LADDER }))).toBe('hardware_undetermined');
    expect(() => planSizing(found, { tiers: LADDER })).toThrow(/Name the tier yourself/);
    const plan = planSizing(found, { tiers: LADDER, tier: 'h100-8x' });
    expect(plan).toMatchObject({ tier: 'h100-8x', confidence: 'low', tensorParallel: 8 });
    expect(plan.candidates.length).toBeGreaterThan(0);
  });

  it('sizes an adapter with its base, and not at all without', () => {
    const files = [file('adapter_config.json', 1), file('adapter_model.safetensors', 500_000_000)];
    const base = factsFor('org/base', 16_000_000_000, llama);
    expect(facts({ files, base })).toMatchObject({
      model: 'org/thing',
      weightsBytes: 16_500_000_000,
      shape: { layers: 32 },
    });
    expect(codeOf(() => planSizing(facts({ files }), { tiers: LADDER }))).toBe('hardware_undetermined');
  });

  it.each([['text-to-image'], ['automatic-speech-recognition'], ['fill-mask']])(
    'refuses a model for %s',
    (pipelineTag) => {
      expect(codeOf(() => facts({ pipelineTag, files: [file('model.safetensors', 1)] }))).toBe('model_unsupported');
    },
  );

  it('believes no sum with a size that cannot be', () => {
    const files = [file('model-00001-of-00002.safetensors', -5), file('model-00002-of-00002.safetensors', 20)];
    expect(facts({ model: 'org/thing-8B', files })).toMatchObject({ source: 'name-hint' });
  });

  it('does not send GGUF to a GPU tier', () => {
    const found = facts({ files: [file('m-Q4_K_M.gguf', 4_900_000_000)] });
    expect(found.quantization?.format).toBe('gguf');
    expect(() => planSizing(found, { tiers: LADDER })).toThrow(/GGUF/);
  });
});

describe('how weights are stored', () => {
  const at = (quantization_config: unknown) =>
    facts({ files: [file('model.safetensors', 5e9)], config: { ...llama, quantization_config } }).quantization;

  it.each([
    [{ quant_method: 'awq', bits: 4 }, 'int4'],
    [{ quant_method: 'gptq', bits: 8 }, 'int8'],
    [{ quant_method: 'fp8', weight_block_size: [128, 128] }, 'fp8'],
    [{ quant_method: 'fbgemm_fp8' }, 'fp8'],
    [{ quant_method: 'mxfp4' }, 'mxfp4'],
    [{ quant_method: 'bitsandbytes', load_in_4bit: true }, 'int4'],
    [{ quant_method: 'bitsandbytes', load_in_8bit: true }, 'int8'],
    [{ quant_method: 'modelopt', quant_algo: 'NVFP4' }, 'nvfp4'],
    [{ quant_method: 'modelopt', quant_algo: 'MIXED_PRECISION' }, 'nvfp4'],
    [{ quant_method: 'modelopt', quant_algo: 'FP8' }, 'fp8'],
    [{ quant_method: 'compressed-tensors', format: 'pack-quantized' }, 'int4'],
    [{ quant_method: 'compressed-tensors', format: 'nvfp4-pack-quantized' }, 'nvfp4'],
    [{ quant_method: 'compressed-tensors', format: 'float-quantized' }, 'fp8'],
    [
      {
        quant_method: 'compressed-tensors',
        format: 'int-quantized',
        config_groups: { g: { weights: { num_bits: 8, type: 'int' } } },
      },
      'int8',
    ],
    [{ quant_method: 'quark', config_groups: { g: { weights: { num_bits: 4, type: 'float' } } } }, 'nvfp4'],
    ['nonsense', 'bf16'],
  ])('reads %j', (section, format) => {
    expect(at(section)?.format).toBe(format);
  });

  it('finds the section in text_config, and modelopt in its own file', () => {
    const config = { text_config: { ...llama, quantization_config: { quant_method: 'awq' } } };
    expect(facts({ files: [file('model.safetensors', 5e9)], config }).quantization?.format).toBe('int4');
    const modelopt = { quantization: { quant_algo: 'NVFP4', kv_cache_quant_algo: 'FP8' } };
    const found = facts({ files: [file('model.safetensors', 5e9)], config: llama, modelopt });
    expect(found.quantization).toMatchObject({ format: 'nvfp4', fp8KvCache: true });
  });

  it('goes by the name where the config of a gated model cannot be read', () => {
    const found = facts({ model: 'org/thing-70B-AWQ', files: [file('model.safetensors', 40e9)] });
    expect(found).toMatchObject({ source: 'metadata', quantization: { format: 'int4' } });
  });
});
