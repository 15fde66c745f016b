import { describe, expect, it } from '@jest/globals';
import { planSizing } from '../../../domain/sizing/plan-sizing.ts';
import { parsersFor } from '../../../domain/sizing/runtime-parsers.ts';
import { volumeGiB } from '../../../domain/sizing/volume.ts';
import { gatherFacts } from '../../../domain/sizing/gather-facts.ts';
import { LADDER } from './published.ts';
import { factsFor, file } from './support.ts';

const llama = {
  ...{ model_type: 'llama', num_hidden_layers: 32, hidden_size: 4096, num_attention_heads: 32, num_key_value_heads: 8 },
  ...{ intermediate_size: 14_336, vocab_size: 128_256, max_position_embeddings: 131_072 },
};

function flagsFor(config: object, more: object = {}): string {
  return (
    planSizing(factsFor('meta-llama/Llama-3.1-8B-Instruct', 16_060_000_000, config), { tiers: LADDER, ...more })
      .runtimeFlags ?? []
  ).join(' ');
}

describe('flags of the runtime', () => {
  it('state everything that was counted on', () => {
    const flags = flagsFor(llama, { tier: 'l40s-1x' });
    expect(flags).toMatch(
      /^--tensor-parallel-size 1 --max-model-len \d+ --max-num-seqs 128 --max-num-batched-tokens 8192 --gpu-memory-utilization 0\.90/,
    );
    expect(flags).toContain('--enable-auto-tool-choice --tool-call-parser llama3_json');
    expect(flags).not.toMatch(/trust-remote-code|enforce-eager|kv-cache-dtype|expert-parallel/);
  });

  it('let repository code run only where it is needed and allowed', () => {
    const config = { ...llama, auto_map: { AutoModel: 'modeling.Model' } };
    expect(flagsFor(config)).not.toContain('--trust-remote-code');
    expect(flagsFor(config, { trustRemoteCode: true })).toContain('--trust-remote-code');
    expect(flagsFor(llama, { trustRemoteCode: true })).not.toContain('--trust-remote-code');
    const { warnings } = planSizing(factsFor('org/x', 16e9, config), { tiers: LADDER });
    expect(warnings?.join()).toMatch(/own Python code, which is off/);
  });

  it('give up graphs, then half of the cache, on a tier that the user insists on', () => {
    expect(flagsFor(llama, { tier: 'a10g-1x' })).toContain('--enforce-eager');
    const tight = flagsFor(llama, { tier: 'l4-1x', contextLength: 12_000 });
    expect(tight).toContain('--kv-cache-dtype fp8');
    expect(() => flagsFor(llama, { tier: 'a10g-1x', contextLength: 32_768 })).toThrow(/does not fit.*would do/s);
  });

  it("use Mistral's own layout where there is no other", () => {
    const facts = gatherFacts({
      ...{ model: 'mistralai/Mistral-7B-Instruct-v0.3', revision: null, index: null, config: null, modelopt: null },
      ...{
        safetensors: null,
        pipelineTag: null,
        files: [file('consolidated.safetensors', 14_500_000_000), file('params.json', 1)],
      },
    });
    const { runtimeFlags } = planSizing(facts, { tiers: LADDER });
    expect(runtimeFlags?.join(' ')).toContain('--tokenizer-mode mistral --config-format mistral --load-format mistral');
  });

  it('spread experts whole where slices would cut blocks of FP8', () => {
    const moe = {
      ...{
        ...llama,
        model_type: 'qwen3_moe',
        num_local_experts: 128,
        num_experts_per_tok: 8,
        moe_intermediate_size: 768,
      },
      quantization_config: { quant_method: 'fp8', weight_block_size: [128, 128] },
    };
    const at = (tier: string) => planSizing(factsFor('org/moe', 31e9, moe), { tiers: LADDER, tier }).runtimeFlags;
    expect(at('rtx-pro-6000-2x')).not.toContain('--enable-expert-parallel');
    expect(at('rtx-pro-6000-4x')).toContain('--enable-expert-parallel');
  });

  it('never cut a dense model through blocks of FP8', () => {
    const dense = {
      ...{ ...llama, intermediate_size: 9728, model_type: 'qwen3' },
      quantization_config: { quant_method: 'fp8', weight_block_size: [128, 128] },
    };
    const at = (tier: string) => planSizing(factsFor('org/dense', 5e9, dense), { tiers: LADDER, tier }).tier;
    expect(at('l4-4x')).toBe('l4-4x');
    expect(() => at('l4-8x')).toThrow(/9728.*blocks over 8/);
  });
});

describe('parsersFor', () => {
  it.each([
    ['Qwen/Qwen3-8B', 'hermes', 'qwen3'],
    ['Qwen/Qwen3-30B-A3B-Instruct-2507', 'hermes', null],
    ['Qwen/Qwen3-Coder-480B-A35B-Instruct', 'qwen3_coder', null],
    ['Qwen/Qwen3.6-27B', 'qwen3_coder', 'qwen3'],
    ['Qwen/Qwen2.5-7B-Instruct', 'hermes', null],
    ['meta-llama/Llama-3.3-70B-Instruct', 'llama3_json', null],
    ['meta-llama/Llama-4-Scout-17B-16E-Instruct', 'llama4_pythonic', null],
    ['mistralai/Mistral-Small-4-119B-2603', 'mistral', null],
    ['mistralai/Magistral-Small-2509', 'mistral', 'mistral'],
    ['openai/gpt-oss-120b', 'openai', 'openai_gptoss'],
    ['deepseek-ai/DeepSeek-R1', 'deepseek_v3', 'deepseek_r1'],
    ['deepseek-ai/DeepSeek-R1-Distill-Qwen-7B', null, 'deepseek_r1'],
    ['zai-org/GLM-4.5-Air', 'glm45', 'glm45'],
    ['zai-org/GLM-4.7', 'glm47', 'glm45'],
    ['moonshotai/Kimi-K2-Instruct', 'kimi_k2', null],
    ['moonshotai/Kimi-K2.5', 'kimi_k2', 'kimi_k2'],
    ['MiniMaxAI/MiniMax-M2.5', 'minimax_m2', 'minimax_m2'],
    ['nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16', 'qwen3_coder', 'nemotron_v3'],
    ['Qwen/Qwen3-Embedding-0.6B', null, null],
    ['org/unheard-of', null, null],
  ])('knows %s', (model, tools, reasoning) => {
    const parsers = parsersFor(model);
    expect([parsers.toolCalls?.parser ?? null, parsers.reasoning]).toEqual([tools, reasoning]);
  });

  it('adds the tokenizer mode that DeepSeek V3.2 needs', () => {
    expect(parsersFor('deepseek-ai/DeepSeek-V3.2').toolCalls?.flags).toEqual(['--tokenizer-mode', 'deepseek_v32']);
  });
});

describe('volumeGiB', () => {
  it('holds weights, image, system and caches, in steps of ten, at least 100', () => {
    expect(volumeGiB(1e9)).toBe(100);
    expect(volumeGiB(141.1e9)).toBe(220);
    expect(volumeGiB(595.2e9)).toBe(700);
  });

  it('holds the weights twice where they are rewritten', () => {
    expect(volumeGiB(100e9, true)).toBe(280);
  });
});
