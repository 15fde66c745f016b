/** One small repository of each kind that the Hub has, with real files. */
import type { FakeRepo } from '../support/fake-hub.ts';
import { ggufBytes } from '../support/fake-hub.ts';
import { safetensorsFile, sharded } from '../support/safetensors.ts';

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** Llama-like and small; whole, so that its shape is known. */
export const CONFIG = {
  model_type: 'llama',
  architectures: ['LlamaForCausalLM'],
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 256,
  max_position_embeddings: 4096,
  torch_dtype: 'bfloat16',
};

const DENSE = safetensorsFile({ 'model.embed_tokens.weight': ['BF16', 64, 64], 'lm_head.weight': ['BF16', 64, 64] });
const SHARDS = sharded([{ a: ['BF16', 64, 64] }, { b: ['BF16', 64, 64] }]);

function quantized(config: Record<string, unknown>, tensors: Parameters<typeof safetensorsFile>[0]): FakeRepo {
  return {
    files: {
      'config.json': json({ ...CONFIG, quantization_config: config }),
      'model.safetensors': safetensorsFile(tensors),
    },
  };
}

export const REPOS: Readonly<Record<string, FakeRepo>> = {
  'kind/dense': {
    files: { 'config.json': json(CONFIG), 'model.safetensors': DENSE },
    info: { safetensors: { parameters: { BF16: 8192 }, total: 8192 } },
  },
  'kind/sharded': { files: { 'config.json': json(CONFIG), ...SHARDS } },
  'kind/duplicated': {
    files: {
      'config.json': json(CONFIG),
      ...SHARDS,
      'consolidated.safetensors': DENSE,
      'original/consolidated.00.pth': DENSE,
      'original/model.safetensors': DENSE,
      'pytorch_model.bin': DENSE,
      'training_args.bin': DENSE,
      'onnx/model.onnx': DENSE,
    },
  },
  'kind/two-shard-sets': {
    files: {
      'config.json': json(CONFIG),
      ...SHARDS,
      'model-00001-of-00001.safetensors': safetensorsFile({ x: ['F32', 8, 8] }),
    },
  },
  'kind/gptq': quantized({ quant_method: 'gptq', bits: 4, group_size: 128 }, { 'q.qweight': ['I32', 8, 64] }),
  'kind/awq': quantized({ quant_method: 'awq', bits: 4, group_size: 128 }, { 'q.qweight': ['I32', 8, 64] }),
  'kind/fp8': quantized(
    { quant_method: 'fp8', weight_block_size: [128, 128], activation_scheme: 'dynamic' },
    { 'q.weight': ['F8_E4M3', 64, 64], 'q.weight_scale_inv': ['F32', 1, 1] },
  ),
  'kind/mxfp4': quantized({ quant_method: 'mxfp4' }, { q_blocks: ['U8', 8, 4, 16], q_scales: ['U8', 8, 4] }),
  'kind/bitsandbytes': quantized(
    { quant_method: 'bitsandbytes', load_in_4bit: true, bnb_4bit_quant_type: 'nf4' },
    { 'q.weight': ['U8', 2048, 1] },
  ),
  'kind/nvfp4': {
    files: {
      'config.json': json(CONFIG),
      'hf_quant_config.json': json({ quantization: { quant_algo: 'NVFP4', kv_cache_quant_algo: 'FP8' } }),
      'model.safetensors': safetensorsFile({ 'q.weight': ['U8', 64, 32], 'q.weight_scale': ['F8_E4M3', 64, 4] }),
    },
  },
  'kind/consolidated': {
    files: { 'params.json': json({}), 'consolidated.safetensors': DENSE },
  },
  'kind/bin': { files: { 'config.json': json(CONFIG), 'pytorch_model.bin': DENSE, 'optimizer.bin': DENSE } },
  'kind/gguf': {
    files: {
      'config.json': json(CONFIG),
      'model-Q4_K_M.gguf': ggufBytes(4096),
      'model-Q8_0.gguf': ggufBytes(8192),
      'model-F16.gguf': ggufBytes(16384),
    },
  },
  'kind/adapter': {
    files: {
      'adapter_config.json': json({ base_model_name_or_path: 'kind/dense', peft_type: 'LORA' }),
      'adapter_model.safetensors': safetensorsFile({ lora_A: ['BF16', 8, 64] }),
    },
    info: { library_name: 'peft', cardData: { base_model: 'kind/dense' } },
  },
  'kind/adapter-without-card': {
    files: {
      'adapter_config.json': json({ base_model_name_or_path: 'kind/dense' }),
      'adapter_model.safetensors': safetensorsFile({ lora_A: ['BF16', 8, 64] }),
    },
  },
  'kind/adapter-of-nothing': {
    files: {
      'adapter_config.json': json({ base_model_name_or_path: '../../etc/passwd' }),
      'adapter_model.safetensors': safetensorsFile({ lora_A: ['BF16', 8, 64] }),
    },
  },
  'kind/index-without-shards': {
    files: {
      'config.json': json(CONFIG),
      'model.safetensors.index.json': SHARDS['model.safetensors.index.json'] as Buffer,
    },
  },
  'kind/gated-8B': {
    files: { 'config.json': json(CONFIG), 'model.safetensors': DENSE },
    gated: 'manual',
    readers: ['hf_accepted'],
    info: { safetensors: { parameters: { BF16: 8e9 }, total: 8e9 } },
  },
  'kind/hidden-8B': {
    files: { 'config.json': json(CONFIG), 'model.safetensors': DENSE },
    gated: 'manual',
    hidesEverything: true,
    readers: ['hf_accepted'],
  },
  'kind/private': { files: { 'model.safetensors': DENSE }, private: true, readers: ['hf_member'] },
  'kind/paged': {
    files: {
      'config.json': json(CONFIG),
      'model.safetensors': DENSE,
      ...Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`docs/${at}.md`, Buffer.from('x')])),
    },
    pageSize: 5,
  },
  'kind/busy': { files: { 'model.safetensors': DENSE }, faults: { status: 429, times: 1 } },
  'kind/broken': { files: { 'model.safetensors': DENSE }, faults: { status: 500, times: 1 } },
  'kind/diffusers': { files: { 'unet/model.safetensors': DENSE }, pipelineTag: 'text-to-image' },
  'kind/remote-code': {
    files: { 'config.json': json({ ...CONFIG, auto_map: { AutoModel: 'm.M' } }), 'model.safetensors': DENSE },
  },
};
