/**
 * The shape of a model, from its config.json: what its KV cache, its activations and its divisibility follow from.
 * Multimodal repositories wrap the language model's config (text_config, llm_config, thinker_config.text_config).
 *
 * Never throws: a field out of bounds counts as absent, and a config without the fields that everything rests on
 * (layers, width, heads) gives null, after which sizing uses a bound by parameters and says so.
 */
import { type LayerGroup, readLayerGroups } from './layer-groups.ts';
import { type JsonRecord, countOf, field, readRecord, readWord } from './narrow.ts';

export interface ModelShape {
  modelType: string;
  layers: number;
  hiddenSize: number;
  heads: number;
  kvHeads: number;
  vocabularySize: number;
  /** Longest context the model was made for; null when the config does not say. */
  maxPosition: number | null;
  /** Width of the dense feed-forward layers. */
  intermediateSize: number;
  /** 0 for dense models. */
  experts: number;
  expertsPerToken: number;
  /** Width of one expert; 0 for dense models. */
  expertSize: number;
  hasVision: boolean;
  /** Heads of the vision tower, which tensor parallelism cuts too; null when there is none or it is unknown. */
  visionHeads: number | null;
  /** Looks at the whole text at once and generates nothing: no KV cache. */
  isEncoder: boolean;
  /** Sparse attention with an indexer (DeepSeek V3.2, GLM-5): kernels exist for Hopper and datacenter Blackwell only. */
  hasSparseAttention: boolean;
  /** Layers with the same cache, in no order. */
  layerGroups: readonly LayerGroup[];
}

const WRAPPERS = ['text_config', 'llm_config', 'language_config'] as const;
const ENCODER_TYPES =
  /^(bert|roberta|xlm-roberta|xlm_roberta|distilbert|deberta|deberta-v2|electra|mpnet|camembert|albert|modernbert|nomic_bert|new|gte|jina_bert|jinabert|nystromformer|t5encoder)$/;

/** The config of the language model inside a config, which may be the config itself. */
export function languageConfig(config: unknown): JsonRecord | null {
  const top = readRecord(config);
  const outer = readRecord(field(top, 'thinker_config')) ?? top;
  for (const name of WRAPPERS) {
    const inner = readRecord(field(outer, name));
    if (inner && countOf(inner, ['num_hidden_layers', 'num_layers', 'n_layer', 'n_layers'], 10_000) !== null)
      return inner;
  }
  return outer;
}

export function readModelShape(config: unknown): ModelShape | null {
  const top = readRecord(config);
  const text = languageConfig(config);
  const layers = countOf(text, ['num_hidden_layers', 'num_layers', 'n_layer', 'n_layers'], 10_000);
  const hiddenSize = countOf(text, ['hidden_size', 'n_embd', 'd_model', 'dim'], 1_000_000);
  const heads = countOf(text, ['num_attention_heads', 'n_head', 'n_heads'], 100_000);
  if (layers === null || hiddenSize === null || heads === null) return null;
  const modelType = readWord(field(text, 'model_type')) ?? readWord(field(top, 'model_type')) ?? 'unknown';
  const experts =
    countOf(text, ['num_local_experts', 'n_routed_experts', 'num_experts', 'moe_num_experts'], 100_000) ?? 0;
  const intermediateSize = countOf(text, ['intermediate_size', 'n_inner', 'ffn_dim'], 10_000_000) ?? 4 * hiddenSize;
  const vision = visionConfig(top);
  const kvHeads = kvHeadsOf(text, heads);
  return {
    modelType,
    layers,
    hiddenSize,
    heads,
    kvHeads,
    vocabularySize: countOf(text, ['vocab_size'], 100_000_000) ?? 152_064,
    maxPosition: countOf(text, ['max_position_embeddings', 'n_positions', 'max_seq_len', 'seq_length'], 100_000_000),
    intermediateSize,
    experts,
    expertsPerToken: experts === 0 ? 0 : (countOf(text, ['num_experts_per_tok', 'moe_top_k', 'top_k'], 1000) ?? 8),
    expertSize: experts === 0 ? 0 : (countOf(text, ['moe_intermediate_size'], 10_000_000) ?? intermediateSize),
    hasVision: vision !== null || field(top, 'has_vision_config') === true,
    visionHeads: countOf(vision, ['num_heads', 'num_attention_heads'], 100_000),
    isEncoder: isEncoder(modelType, text),
    hasSparseAttention: countOf(text, ['index_topk'], 10_000_000) !== null,
    layerGroups: readLayerGroups(text, { modelType, layers, hiddenSize, heads, kvHeads }),
  };
}

function visionConfig(top: JsonRecord | null): JsonRecord | null {
  const thinker = readRecord(field(top, 'thinker_config'));
  return (
    readRecord(field(top, 'vision_config')) ??
    readRecord(field(thinker, 'vision_config')) ??
    readRecord(field(top, 'vision_tower_config'))
  );
}

/** Falcon says it in its own words: `multi_query` is one head, `num_kv_heads` the newer ones. */
function kvHeadsOf(text: JsonRecord | null, heads: number): number {
  const stated = countOf(text, ['num_key_value_heads', 'num_kv_heads', 'n_head_kv'], 100_000);
  const oldFalcon =
    readWord(field(text, 'model_type')) === 'falcon' && field(text, 'new_decoder_architecture') !== true;
  if (field(text, 'multi_query') === true && (oldFalcon || stated === null)) return 1;
  return Math.min(stated ?? heads, heads);
}

function isEncoder(modelType: string, text: JsonRecord | null): boolean {
  return ENCODER_TYPES.test(modelType) || modelType.endsWith('_bidirec') || field(text, 'is_causal') === false;
}
