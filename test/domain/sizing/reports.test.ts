/** Public reports of machines that were chosen wrong, each with what sizing should have said. */
import { describe, expect, it } from '@jest/globals';
import { UserError } from '../../../domain/errors.ts';
import { supportOn } from '../../../domain/sizing/hardware-support.ts';
import { kvCacheBytes } from '../../../domain/sizing/kv-cache.ts';
import { type RuntimeSettings, fitOnGpu } from '../../../domain/sizing/memory.ts';
import { readModelShape } from '../../../domain/sizing/model-shape.ts';
import { modelMemory, planSizing } from '../../../domain/sizing/plan-sizing.ts';
import { UNQUANTIZED, quantizationOf } from '../../../domain/sizing/quantization.ts';
import { cutOver } from '../../../domain/sizing/tensor-parallel.ts';
import { GIB } from '../../../domain/sizing/units.ts';
import { chooseWeights, totalBytes } from '../../../domain/sizing/weights.ts';
import type { GpuTier } from '../../../domain/tiers.ts';
import { LADDER } from './published.ts';
import { factsFor, file, tierLike } from './support.ts';

const llama70b = {
  num_hidden_layers: 80,
  hidden_size: 8192,
  num_attention_heads: 64,
  num_key_value_heads: 8,
  intermediate_size: 28_672,
  vocab_size: 128_256,
  max_position_embeddings: 131_072,
};
const llama8b = {
  ...llama70b,
  num_hidden_layers: 32,
  hidden_size: 4096,
  num_attention_heads: 32,
  intermediate_size: 14_336,
};
const kimi = {
  model_type: 'kimi_k25',
  num_hidden_layers: 61,
  hidden_size: 7168,
  num_attention_heads: 64,
  num_key_value_heads: 64,
  kv_lora_rank: 512,
  qk_rope_head_dim: 64,
  intermediate_size: 18_432,
  moe_intermediate_size: 2048,
  n_routed_experts: 384,
  num_experts_per_tok: 8,
  vocab_size: 163_840,
  max_position_embeddings: 262_144,
};
const gptOss120b = {
  model_type: 'gpt_oss',
  num_hidden_layers: 36,
  hidden_size: 2880,
  num_attention_heads: 64,
  num_key_value_heads: 8,
  head_dim: 64,
  intermediate_size: 2880,
  num_local_experts: 128,
  num_experts_per_tok: 4,
  vocab_size: 201_088,
  sliding_window: 128,
  max_position_embeddings: 131_072,
  quantization_config: { quant_method: 'mxfp4' },
};

const h100 = { usableMemoryBytes: 79.2 * GIB, computeCapability: 9 };

function ladder(...ids: string[]): GpuTier[] {
  return LADDER.filter((tier) => ids.includes(tier.id));
}

function settings(tensorParallel: number, more: Partial<RuntimeSettings> = {}): RuntimeSettings {
  return {
    tensorParallel,
    maxNumSeqs: 256,
    maxBatchedTokens: 8192,
    gpuMemoryUtilization: 0.9,
    kvBytesPerElement: 2,
    enforceEager: false,
    ...more,
  };
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

describe('public reports', () => {
  it('1. kaito#2132: Mistral-Small-4 on two H100 of 94 GB gets less than its million tokens, and at most 810,208', () => {
    const facts = factsFor('mistralai/Mistral-Small-4-119B-2603', 120_935_541_637, {
      ...{ num_hidden_layers: 36, hidden_size: 4096, num_attention_heads: 32, num_key_value_heads: 32 },
      ...{ kv_lora_rank: 256, qk_rope_head_dim: 64, intermediate_size: 12_288, vocab_size: 131_072 },
      max_position_embeddings: 1_048_576,
      quantization_config: { quant_method: 'fp8' },
    });
    const model = modelMemory(facts);
    const gpu = { usableMemoryBytes: 93.1 * GIB, computeCapability: 9 };
    const asReported = settings(2, { gpuMemoryUtilization: 0.84 });
    expect(fitOnGpu(model, gpu, asReported, { contextLength: 1_048_576, sequences: 1 }).fits).toBe(false);
    const { kvRoomBytes } = fitOnGpu(model, gpu, asReported, { contextLength: 8192, sequences: 1 });
    expect((kvRoomBytes - 0.03 * gpu.usableMemoryBytes) / 23_040).toBeLessThan(810_208);
    const plan = planSizing(facts, { tiers: [tierLike('h100', 2, 93.1)] });
    expect(plan.tier).toBe('h100-2x');
    expect(plan.contextLength).toBeLessThan(1_048_576);
    expect(plan.contextLength).toBeGreaterThan(700_000);
  });

  it('2. InferenceX#1587: Kimi-K2.5 in 4 bits does not fit on eight H100, but on eight H200', () => {
    const facts = factsFor('moonshotai/Kimi-K2.5', 595_200_000_000, kimi);
    expect(codeOf(() => planSizing(facts, { tiers: ladder('h100-8x') }))).toBe('model_too_large');
    expect(codeOf(() => planSizing(facts, { tiers: LADDER, tier: 'h100-8x' }))).toBe('model_too_large');
    expect(planSizing(facts, { tiers: ladder('h100-8x', 'h200-8x') }).tier).toBe('h200-8x');
  });

  it('3. vllm#23278: gpt-oss-120b on one H100 takes 66 GiB for weights, and needs its sequences capped', () => {
    const facts = factsFor('openai/gpt-oss-120b', 65_250_000_000, gptOss120b);
    const model = modelMemory(facts);
    const once = { contextLength: 131_072, sequences: 1 };
    const byDefault = fitOnGpu(model, h100, settings(1, { maxNumSeqs: 1024 }), once);
    expect(Math.abs(byDefault.memory.weightsBytes / GIB - 65.97)).toBeLessThan(1);
    expect(byDefault.fits).toBe(false);
    expect(fitOnGpu(model, h100, settings(1, { maxNumSeqs: 128, gpuMemoryUtilization: 0.95 }), once).fits).toBe(true);
    expect(planSizing(facts, { tiers: ladder('h100-1x', 'h100-8x') }).tier).toBe('h100-8x');
    const { runtimeFlags } = planSizing(facts, { tiers: LADDER, tier: 'h100-1x' });
    expect(Number(runtimeFlags?.[runtimeFlags.indexOf('--max-num-seqs') + 1])).toBeLessThanOrEqual(256);
  });

  it('4. vllm#6746: Llama-3.1-405B-FP8 is sized by its files (496 GB), not as 405 GB', () => {
    const config = {
      ...llama70b,
      num_hidden_layers: 126,
      hidden_size: 16_384,
      num_attention_heads: 128,
      intermediate_size: 53_248,
    };
    const quantized = { ...config, quantization_config: { quant_method: 'fbgemm_fp8' } };
    const facts = factsFor('meta-llama/Llama-3.1-405B-Instruct-FP8', 496_085_902_557, quantized);
    const once = { tiers: ladder('h100-8x'), targetConcurrency: 1 };
    expect(codeOf(() => planSizing(facts, { ...once, contextLength: 131_072 }))).toBe('model_too_large');
    const plan = planSizing(facts, { ...once, contextLength: 65_536, fp8KvCache: true });
    expect((plan.memoryPerGpu?.weightsBytes ?? 0) / GIB).toBeGreaterThan(57.75);
    expect(plan.runtimeFlags?.join(' ')).toContain('--kv-cache-dtype fp8');
    expect(plan.contextLength).toBeGreaterThanOrEqual(65_536);
  });

  it('5. vllm#10517: Llama-3.1-70B on two H100 has room for about 11,000 tokens, not 131,072', () => {
    const facts = factsFor('meta-llama/Llama-3.1-70B-Instruct', 141_100_000_000, llama70b);
    const at = (contextLength: number) =>
      fitOnGpu(modelMemory(facts), h100, settings(2), { contextLength, sequences: 1 });
    expect(at(131_072).memory.kvCacheBytes / GIB).toBe(20);
    expect(at(131_072).fits).toBe(false);
    expect(at(11_000).fits).toBe(true);
    expect(at(16_384).fits).toBe(false);
    const two = tierLike('h100', 2, 79.2);
    const four = tierLike('h100', 4, 79.2);
    expect(planSizing(facts, { tiers: [two, four] }).tier).toBe(four.id);
  });

  it('6. log 14319663172: Llama-3.1-8B on an A10 is given at most the 37,696 tokens that it holds', () => {
    const facts = factsFor('meta-llama/Llama-3.1-8B-Instruct', 16_060_000_000, llama8b);
    const a10 = { usableMemoryBytes: 22.07 * GIB, computeCapability: 8.6 };
    const at = (contextLength: number) =>
      fitOnGpu(modelMemory(facts), a10, settings(1, { maxBatchedTokens: 2048 }), { contextLength, sequences: 1 }).fits;
    expect([at(131_072), at(32_768)]).toEqual([false, true]);
    const plan = planSizing(facts, { tiers: LADDER, tier: 'a10g-1x' });
    expect(plan.contextLength).toBeLessThanOrEqual(37_696);
    expect(plan.contextLength).toBeGreaterThan(24_000);
    expect(plan.runtimeFlags).toEqual(expect.arrayContaining(['--max-model-len', String(plan.contextLength)]));
  });

  it('7. Qwen3#295: Qwen1.5-7B keeps 512 KiB per token and goes to a larger card', () => {
    const config = {
      ...llama8b,
      num_key_value_heads: 32,
      intermediate_size: 11_008,
      vocab_size: 151_936,
      max_position_embeddings: 32_768,
    };
    const facts = factsFor('Qwen/Qwen1.5-7B-Chat', 15_442_000_000, config);
    const a10 = { usableMemoryBytes: 22.07 * GIB, computeCapability: 8.6 };
    const once = { contextLength: 32_768, sequences: 1 };
    expect(fitOnGpu(modelMemory(facts), a10, settings(1, { maxBatchedTokens: 2048 }), once).fits).toBe(false);
    expect(planSizing(facts, { tiers: ladder('l4-1x', 'a10g-1x', 'l40s-1x') }).tier).toBe('l40s-1x');
  });

  it.each([
    ['28 heads over 8', 28, 8, 4, false],
    ['52 heads over 8', 52, 8, 4, false],
    ['40 heads over 6', 40, 6, 8, false],
    ['28 heads over 4', 28, 4, 4, true],
    ['40 heads over 8', 40, 8, 8, true],
  ])('8. gpustack#885, vllm#2652, #4232: %s GPUs', (_, heads, gpuCount, kvHeads, isPossible) => {
    const shape = readModelShape({ ...llama8b, num_attention_heads: heads, num_key_value_heads: kvHeads });
    expect(cutOver(gpuCount, shape, UNQUANTIZED).problem === null).toBe(isPossible);
  });

  it('8. gpustack#2259: the vision tower of gemma-3 does not divide over three GPUs', () => {
    const text_config = { ...llama8b, num_attention_heads: 24, num_key_value_heads: 12 };
    const shape = readModelShape({ model_type: 'gemma3', text_config, vision_config: { num_attention_heads: 16 } });
    expect(cutOver(3, shape, UNQUANTIZED).problem).toMatch(/vision tower/);
    expect(cutOver(4, shape, UNQUANTIZED).problem).toBeNull();
  });

  it('9. vllm#6815, #18182, #40851: FP8 on Ampere is warned of or refused, sparse attention needs Hopper', () => {
    const fp8 = quantizationOf('fp8');
    const shape = readModelShape(llama8b);
    const llama4 = readModelShape({ ...llama8b, model_type: 'llama4_text' });
    const sparse = readModelShape({ ...kimi, model_type: 'deepseek_v32', index_topk: 2048, index_head_dim: 128 });
    expect(supportOn(8.0, shape, fp8)).toMatchObject({ problem: null, warning: expect.stringMatching(/weight-only/) });
    expect(supportOn(8.9, shape, fp8)).toEqual({ problem: null, warning: null });
    expect(supportOn(8.0, llama4, fp8).problem).toMatch(/8\.9/);
    expect(supportOn(8.0, sparse, fp8).problem).toMatch(/Hopper/);
    expect(supportOn(12.0, sparse, fp8).problem).toMatch(/Hopper/);
    expect(supportOn(9.0, sparse, fp8).problem).toBeNull();
  });

  it('10. gpustack#2101: the sliding layers of gemma-3-27b are not counted in full', () => {
    const text_config = {
      model_type: 'gemma3_text',
      ...{ num_hidden_layers: 62, hidden_size: 5376, num_attention_heads: 32, num_key_value_heads: 16, head_dim: 128 },
      ...{ intermediate_size: 21_504, vocab_size: 262_208, sliding_window: 1024, max_position_embeddings: 131_072 },
    };
    const groups = readModelShape({ model_type: 'gemma3', text_config })?.layerGroups ?? [];
    const bytes = kvCacheBytes(groups, 131_072, { tensorParallel: 1, bytesPerElement: 2, maxBatchedTokens: 8192 });
    expect(bytes).toBeLessThan((62 * 2 * 16 * 128 * 2 * 131_072) / 4);
    // About 15 GB of 4-bit weights: gpustack wanted 139 GB.
    const quantized = { model_type: 'gemma3', text_config, quantization_config: { quant_method: 'gptq', bits: 4 } };
    const plan = planSizing(factsFor('google/gemma-3-27b-it-gptq', 18_000_000_000, quantized), { tiers: LADDER });
    expect(plan.requiredMemoryBytes).toBeLessThan(48 * GIB);
  });

  it('10. gpustack#1249: DeepSeek-R1 in 8 bits is given overhead on every GPU', () => {
    const facts = factsFor('deepseek-ai/DeepSeek-R1', 688_590_000_000, {
      ...{
        ...kimi,
        model_type: 'deepseek_v3',
        num_attention_heads: 128,
        num_key_value_heads: 128,
        n_routed_experts: 256,
      },
      quantization_config: { quant_method: 'fp8', weight_block_size: [128, 128] },
    });
    const plan = planSizing(facts, { tiers: LADDER });
    expect(['h200-8x', 'b200-8x']).toContain(plan.tier);
    expect(plan.overheadBytes).toBeGreaterThan(8 * 1.5 * GIB);
    expect(plan.runtimeFlags).toContain('--enable-expert-parallel');
  });

  it('10. gpustack#4583: an embedding model keeps no KV cache', () => {
    const facts = factsFor('BAAI/bge-large-en-v1.5', 670_284_800, {
      model_type: 'bert',
      ...{
        num_hidden_layers: 24,
        hidden_size: 1024,
        num_attention_heads: 16,
        max_position_embeddings: 512,
        vocab_size: 30_522,
      },
    });
    expect(planSizing(facts, { tiers: LADDER })).toMatchObject({ tier: 'l4-1x', kvCacheBytes: 0, contextLength: 512 });
  });

  it('vllm#12126: Mllama runs at most 16 sequences', () => {
    const text_config = { ...llama8b, model_type: 'mllama_text_model', num_hidden_layers: 40 };
    const facts = factsFor('meta-llama/Llama-3.2-11B-Vision-Instruct', 21_340_000_000, {
      model_type: 'mllama',
      text_config,
      vision_config: { attention_heads: 16 },
    });
    const { runtimeFlags } = planSizing(facts, { tiers: LADDER });
    expect(runtimeFlags?.[runtimeFlags.indexOf('--max-num-seqs') + 1]).toBe('16');
  });

  it('recipe Qwen3.8-27B: graphs that do not fit beside the budget are switched off', () => {
    const facts = factsFor('Inferact/Qwen3.8-27B-NVFP4', 25_812_753_448, {
      vision_config: {},
      text_config: {
        ...{ model_type: 'qwen3_5_text', num_hidden_layers: 64, hidden_size: 5120, num_attention_heads: 24 },
        ...{ num_key_value_heads: 4, head_dim: 256, intermediate_size: 17_408, vocab_size: 248_320 },
        ...{ full_attention_interval: 4, max_position_embeddings: 262_144 },
      },
    });
    const card = tierLike('rtx-pro-6000', 1, 31.4);
    const plan = planSizing(facts, { tiers: [card], tier: card.id, targetConcurrency: 1, contextLength: 2048 });
    expect(plan.runtimeFlags).toContain('--enforce-eager');
  });

  it('unsloth PR 11227: of 41.3 GB in the repository of gpt-oss-20b 13.8 are loaded', () => {
    const chosen = chooseWeights(
      [
        file('model-00000-of-00002.safetensors', 4_792_272_488),
        file('model-00001-of-00002.safetensors', 4_798_702_184),
        file('model-00002-of-00002.safetensors', 4_170_342_232),
        file('original/model.safetensors', 13_761_300_984),
        file('metal/model.bin', 13_750_886_400),
      ],
      {
        weight_map: {
          a: 'model-00000-of-00002.safetensors',
          b: 'model-00001-of-00002.safetensors',
          c: 'model-00002-of-00002.safetensors',
        },
      },
    );
    expect(totalBytes(chosen?.files ?? [])).toBe(13_761_316_904);
  });
});
