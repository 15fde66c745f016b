import { describe, expect, it } from '@jest/globals';
import { kvBytesPerToken, kvCacheBytes } from '../../../domain/sizing/kv-cache.ts';
import { readModelShape } from '../../../domain/sizing/model-shape.ts';
import { GIB } from '../../../domain/sizing/units.ts';
import { models } from './published.ts';

const alone = { tensorParallel: 1, bytesPerElement: 2, maxBatchedTokens: 8192 } as const;

function groupsOf(config: Record<string, unknown>) {
  const shape = readModelShape(config);
  if (!shape) throw new Error('no shape');
  return shape.layerGroups;
}

function published(id: string) {
  const row = models.find((model) => model.id === id);
  if (!row) throw new Error(`no ${id}`);
  return groupsOf(row.config);
}

const llama8b = { num_hidden_layers: 32, hidden_size: 4096, num_attention_heads: 32, num_key_value_heads: 8 };
const mistralSmall4 = {
  num_hidden_layers: 36,
  hidden_size: 4096,
  num_attention_heads: 32,
  kv_lora_rank: 256,
  qk_rope_head_dim: 64,
};

describe('KV cache of public logs', () => {
  it('is 70,272 bytes per token for Kimi-K2: 46.80 GiB held 715,072 tokens', () => {
    const perToken = kvBytesPerToken(published('moonshotai/Kimi-K2-Thinking'), { ...alone, tensorParallel: 8 });
    expect(perToken).toBe(70_272);
    expect(Math.abs((715_072 * perToken) / GIB - 46.8)).toBeLessThan(0.01);
  });

  it('is 131,072 bytes per token for Llama-3.1-8B: 4.60 GiB held 37,696 tokens', () => {
    expect(kvBytesPerToken(groupsOf(llama8b), alone)).toBe(131_072);
    expect(Math.abs((37_696 * 131_072) / GIB - 4.6)).toBeLessThan(0.01);
  });

  it('is 23,040 bytes per token for Mistral-Small-4: 1,048,576 tokens needed 22.5 GiB', () => {
    expect(kvBytesPerToken(groupsOf(mistralSmall4), { ...alone, tensorParallel: 2 })).toBe(36 * 320 * 2);
    expect(kvCacheBytes(groupsOf(mistralSmall4), 1_048_576, alone) / GIB).toBe(22.5);
  });

  it('is 20 GiB per GPU for Llama-3.1-70B with 131,072 tokens on two', () => {
    const config = { num_hidden_layers: 80, hidden_size: 8192, num_attention_heads: 64, num_key_value_heads: 8 };
    expect(kvCacheBytes(groupsOf(config), 131_072, { ...alone, tensorParallel: 2 }) / GIB).toBe(20);
  });

  it('is 512 KiB per token for Qwen1.5-7B, which has as many KV heads as heads', () => {
    const config = { num_hidden_layers: 32, hidden_size: 4096, num_attention_heads: 32, num_key_value_heads: 32 };
    expect(kvBytesPerToken(groupsOf(config), alone)).toBe(512 * 1024);
  });
});

describe('each kind of layer', () => {
  it('replicates KV heads where there are more GPUs than heads, and saves nothing more', () => {
    const config = { ...llama8b, num_key_value_heads: 2 };
    const at = (tensorParallel: number) => kvBytesPerToken(groupsOf(config), { ...alone, tensorParallel });
    expect(at(2)).toBe(at(1) / 2);
    expect(at(8)).toBe(at(2));
  });

  it('has one KV head with multi-query attention', () => {
    const falcon = {
      model_type: 'falcon',
      num_hidden_layers: 32,
      hidden_size: 4544,
      num_attention_heads: 71,
      multi_query: true,
    };
    expect(kvBytesPerToken(groupsOf(falcon), alone)).toBe(32 * 2 * 64 * 2);
  });

  it('takes head_dim where it is not hidden size over heads (Mistral-Nemo)', () => {
    const nemo = {
      num_hidden_layers: 40,
      hidden_size: 5120,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      head_dim: 128,
    };
    expect(kvBytesPerToken(groupsOf(nemo), alone)).toBe(40 * 2 * 8 * 128 * 2);
  });

  it('keeps a window and the chunk being read in sliding layers', () => {
    const groups = published('openai/gpt-oss-120b');
    const perLayer = 2 * 8 * 64 * 2;
    expect(kvCacheBytes(groups, 131_072, alone)).toBe(18 * perLayer * 131_072 + 18 * perLayer * (128 + 8192));
    expect(kvBytesPerToken(groups, alone)).toBe(18 * perLayer);
  });

  it('finds the pattern of gemma-3 and gemma-2 where no list is given', () => {
    const gemma = {
      num_hidden_layers: 12,
      hidden_size: 1152,
      num_attention_heads: 4,
      num_key_value_heads: 1,
      head_dim: 256,
      sliding_window: 512,
    };
    const full = 2 * 256 * 2;
    expect(kvBytesPerToken(groupsOf({ ...gemma, model_type: 'gemma3_text' }), alone)).toBe(2 * full);
    expect(kvBytesPerToken(groupsOf({ ...gemma, model_type: 'gemma2' }), alone)).toBe(6 * full);
    expect(kvBytesPerToken(groupsOf({ ...gemma, model_type: 'qwen2', use_sliding_window: false }), alone)).toBe(
      12 * full,
    );
  });

  it('uses the global sizes of full layers in gemma-4, and nothing for shared ones', () => {
    const gemma4 = {
      model_type: 'gemma4_text',
      num_hidden_layers: 4,
      hidden_size: 2048,
      num_attention_heads: 8,
      num_key_value_heads: 8,
      head_dim: 256,
      global_head_dim: 512,
      num_global_key_value_heads: 2,
      sliding_window: 1024,
      layer_types: ['sliding_attention', 'full_attention', 'sliding_attention', 'full_attention'],
    };
    expect(kvBytesPerToken(groupsOf(gemma4), alone)).toBe(2 * 2 * 2 * 512 * 2);
    expect(kvBytesPerToken(groupsOf({ ...gemma4, num_kv_shared_layers: 2 }), alone)).toBe(2 * 2 * 512 * 2);
  });

  it('does not divide latent attention over GPUs, and adds the indexer of sparse attention', () => {
    const groups = published('deepseek-ai/DeepSeek-V3.2');
    expect(kvBytesPerToken(groups, alone)).toBe(61 * (576 * 2 + 128));
    expect(kvBytesPerToken(groups, { ...alone, tensorParallel: 8 })).toBe(61 * (576 * 2 + 128));
  });

  it('grows in a quarter of the layers of Qwen3-Next, the rest is constant', () => {
    const groups = published('Qwen/Qwen3-Next-80B-A3B-Instruct');
    expect(kvBytesPerToken(groups, alone)).toBe(12 * 2 * 2 * 256 * 2);
    expect(kvCacheBytes(groups, 0, alone)).toBe(36 * (32 * 128 * 128 * 4 + (2 * 16 * 128 + 32 * 128) * 3 * 2));
  });

  it('grows in the six attention layers of Nemotron-H alone', () => {
    const groups = published('nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16');
    expect(kvBytesPerToken(groups, alone)).toBe(6 * 2 * 2 * 128 * 2);
    const state = groups.find(({ cache }) => cache.kind === 'state');
    expect(state?.layers).toBe(23);
  });

  it('is half in 8 bits', () => {
    expect(kvBytesPerToken(groupsOf(llama8b), { ...alone, bytesPerElement: 1 })).toBe(65_536);
  });

  it.each([
    ['text_config', (text: object) => ({ model_type: 'wrapper', text_config: text })],
    ['llm_config', (text: object) => ({ llm_config: text })],
    ['thinker_config.text_config', (text: object) => ({ thinker_config: { text_config: text } })],
  ])('is read through %s', (_, wrap) => {
    expect(kvBytesPerToken(groupsOf(wrap(llama8b)), alone)).toBe(131_072);
  });
});
