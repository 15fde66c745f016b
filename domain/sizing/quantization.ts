/**
 * How a checkpoint's weights are stored, from `quantization_config` of config.json (top level or text_config) or
 * from modelopt's hf_quant_config.json. Sizes come from files wherever there are files; this is for what sizes do
 * not tell: which GPU can run the format, what a loader makes of it, and bits where only parameters are known.
 *
 * Sources: transformers' quantization_config as read by vLLM (fp8, awq, gptq, compressed-tensors, mxfp4, modelopt,
 * bitsandbytes, quark); compute capabilities from vLLM's table of supported hardware and vllm#6815, #18182, #23278.
 */
import { type JsonRecord, countOf, field, readList, readRecord, readWord } from './narrow.ts';

export type WeightFormat = 'bf16' | 'fp32' | 'fp8' | 'int8' | 'int4' | 'nvfp4' | 'mxfp4' | 'gguf';

export interface Quantization {
  format: WeightFormat;
  /** Mean bits per parameter, scales included, embeddings as they usually are. */
  bitsPerParameter: number;
  /** Rows of a block with one scale (DeepSeek-style FP8 has 128): slices must keep whole blocks. */
  blockSize: number | null;
  /** The checkpoint asks for an 8-bit KV cache. */
  fp8KvCache: boolean;
}

/** SIZING: AWQ/GPTQ 4.25–4.5, NVFP4 4.5 (mixed repositories up to 6.5), MXFP4 4.25, FP8 and INT8 8. */
export const BITS: Readonly<Record<WeightFormat, number>> = {
  bf16: 16,
  fp32: 32,
  fp8: 8,
  int8: 8,
  int4: 4.25,
  nvfp4: 4.5,
  mxfp4: 4.25,
  gguf: 4.9,
};

export const UNQUANTIZED: Quantization = quantizationOf('bf16');

export function quantizationOf(format: WeightFormat, bitsPerParameter: number = BITS[format]): Quantization {
  return { format, bitsPerParameter, blockSize: null, fp8KvCache: false };
}

/**
 * @param configs config.json and its text_config, whichever has the section
 * @param modelopt hf_quant_config.json, or null
 */
export function readQuantization(configs: readonly (JsonRecord | null)[], modelopt: unknown = null): Quantization {
  for (const config of configs) {
    const section = readRecord(field(config, 'quantization_config')) ?? readRecord(field(config, 'compression_config'));
    if (section) return fromSection(section);
  }
  const section = readRecord(field(readRecord(modelopt), 'quantization'));
  if (section) return fromSection({ ...section, quant_method: 'modelopt' });
  const dtype = configs.map((config) => readWord(field(config, 'dtype')) ?? readWord(field(config, 'torch_dtype')));
  return dtype.find((word) => word !== null)?.includes('float32') ? quantizationOf('fp32') : UNQUANTIZED;
}

function fromSection(section: JsonRecord): Quantization {
  const format = formatOf(section);
  const block = readList(field(section, 'weight_block_size'), 4);
  const kv = readRecord(field(section, 'kv_cache_scheme'));
  return {
    format,
    bitsPerParameter: BITS[format],
    blockSize: block ? countOf({ rows: block[0] }, ['rows'], 4096) : null,
    fp8KvCache: readWord(field(section, 'kv_cache_quant_algo')) === 'fp8' || countOf(kv, ['num_bits'], 64) === 8,
  };
}

function formatOf(section: JsonRecord): WeightFormat {
  const method = readWord(field(section, 'quant_method')) ?? '';
  const algorithm = readWord(field(section, 'quant_algo')) ?? '';
  if (method === 'mxfp4') return 'mxfp4';
  if (method === 'fp8' || method === 'fbgemm_fp8') return 'fp8';
  if (method === 'awq' || method === 'gptq' || method === 'auto-round') {
    return countOf(section, ['bits', 'w_bit'], 64) === 8 ? 'int8' : 'int4';
  }
  if (method === 'bitsandbytes') return field(section, 'load_in_8bit') === true ? 'int8' : 'int4';
  // A mixed checkpoint holds FP8 beside FP4: its hardware needs are those of FP4, its size that of its files.
  if (algorithm.includes('fp4') || algorithm.includes('mixed')) return 'nvfp4';
  if (algorithm.includes('fp8')) return 'fp8';
  if (algorithm.includes('int4') || algorithm.includes('w4a16') || algorithm.includes('awq')) return 'int4';
  return compressed(section);
}

/** compressed-tensors and quark say it per group of layers; the first group is the one of the linear layers. */
function compressed(section: JsonRecord): WeightFormat {
  const layout = readWord(field(section, 'format')) ?? '';
  if (layout.includes('nvfp4')) return 'nvfp4';
  if (layout.includes('mxfp4')) return 'mxfp4';
  if (layout.includes('pack-quantized')) return 'int4';
  const groups = readRecord(field(section, 'config_groups'));
  const first = groups ? readRecord(Object.values(groups).slice(0, 1)[0]) : null;
  const weights = readRecord(field(first, 'weights'));
  const bits = countOf(weights, ['num_bits'], 64);
  if (bits === 4) return readWord(field(weights, 'type')) === 'float' ? 'nvfp4' : 'int4';
  if (readWord(field(weights, 'type')) === 'int' || layout.includes('int')) return 'int8';
  return 'fp8';
}

export function isQuantized(quantization: Quantization): boolean {
  return quantization.format !== 'bf16' && quantization.format !== 'fp32';
}
