/**
 * What each layer of a model keeps per sequence. Half of the public mis-sizings come from treating every layer as
 * full attention: sliding windows (gemma-3 sized at 139 GB instead of 32, gpustack#2101), latent attention, linear
 * attention and state-space layers keep far less.
 *
 * Sources: the model classes of transformers and vLLM; field names as in the public configs of the families named.
 */
import { type JsonRecord, countOf, field, readList, readRecord, readWord } from './narrow.ts';

export type LayerCache =
  /** Keys and values of every token, or of the last `window` ones. MHA, GQA and MQA differ in `kvHeads` alone. */
  | { kind: 'attention'; kvHeads: number; keyAndValueSize: number; window: number | null }
  /** One latent vector per token, the same on every GPU (MLA); `indexSize` bytes more with an indexer (DSA). */
  | { kind: 'latent'; size: number; indexSize: number }
  /** A state of fixed size, cut by tensor parallelism: linear attention, Mamba. */
  | { kind: 'state'; bytes: number };

export interface LayerGroup {
  layers: number;
  cache: LayerCache;
}

interface Dimensions {
  modelType: string;
  layers: number;
  hiddenSize: number;
  heads: number;
  kvHeads: number;
}

type LayerKind = 'full' | 'sliding' | 'linear' | 'mamba' | 'none';

export function readLayerGroups(text: JsonRecord | null, shape: Dimensions): LayerGroup[] {
  const kinds = layerKinds(text, shape);
  // Gemma-3n and -4: the last layers use the cache of earlier ones.
  const shared = Math.min(countOf(text, ['num_kv_shared_layers'], 10_000) ?? 0, kinds.length);
  const counts = new Map<LayerKind, number>();
  for (const kind of kinds.slice(0, kinds.length - shared)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].flatMap(([kind, layers]) => cachesOf(kind, text, shape).map((cache) => ({ layers, cache })));
}

function cachesOf(kind: LayerKind, text: JsonRecord | null, shape: Dimensions): LayerCache[] {
  switch (kind) {
    case 'full':
      return [latent(text) ?? attention(text, shape, null)];
    case 'sliding':
      return [attention(text, shape, slidingWindow(text))];
    case 'linear':
      return [{ kind: 'state', bytes: linearStateBytes(text) }];
    case 'mamba':
      // Falcon-H1 has attention and Mamba side by side in every layer.
      return shape.modelType === 'falcon_h1'
        ? [attention(text, shape, null), { kind: 'state', bytes: mambaStateBytes(text, shape) }]
        : [{ kind: 'state', bytes: mambaStateBytes(text, shape) }];
    case 'none':
      return [];
  }
}

function layerKinds(text: JsonRecord | null, shape: Dimensions): LayerKind[] {
  const { layers, modelType } = shape;
  const named = readList(field(text, 'layer_types'), 10_000);
  if (named && named.length >= layers) return named.slice(0, layers).map(kindOfName);
  // Nemotron-H: M Mamba, * attention, E and - feed-forward.
  const pattern = field(text, 'hybrid_override_pattern');
  if (typeof pattern === 'string' && pattern.length === layers) {
    return Array.from(pattern, (letter) => (letter === 'M' ? 'mamba' : letter === '*' ? 'full' : 'none'));
  }
  // MiMo: 1 is a sliding layer.
  const hybrid = readList(field(text, 'hybrid_layer_pattern'), 10_000);
  if (hybrid && hybrid.length >= layers)
    return hybrid.slice(0, layers).map((item) => (item === 1 ? 'sliding' : 'full'));
  const kimi = readRecord(field(text, 'linear_attn_config'));
  const full = kimi ? readList(field(kimi, 'full_attn_layers'), 10_000) : null;
  if (full) return every(layers, (at) => (full.includes(at + 1) ? 'full' : 'linear'));
  const interval = countOf(text, ['full_attention_interval'], 1000);
  if (interval) return every(layers, (at) => ((at + 1) % interval === 0 ? 'full' : 'linear'));
  // Jamba.
  const period = countOf(text, ['attn_layer_period'], 1000);
  if (period) {
    const offset = countOf(text, ['attn_layer_offset'], 1000) ?? 0;
    return every(layers, (at) => (at % period === offset % period ? 'full' : 'mamba'));
  }
  if (/^(mamba|mamba2|falcon_mamba|falcon_h1)$/.test(modelType)) return every(layers, () => 'mamba');
  return slidingKinds(text, shape);
}

function slidingKinds(text: JsonRecord | null, { layers, modelType }: Dimensions): LayerKind[] {
  if (slidingWindow(text) === null || field(text, 'use_sliding_window') === false) return every(layers, () => 'full');
  const pattern =
    countOf(text, ['sliding_window_pattern', '_sliding_window_pattern'], 1000) ??
    (modelType.startsWith('gemma3') ? 6 : /^(gemma2|gpt_oss)/.test(modelType) ? 2 : null);
  if (pattern) return every(layers, (at) => ((at + 1) % pattern === 0 ? 'full' : 'sliding'));
  // These slide in every layer. Of others with a window and no pattern, which layers slide is not known: full.
  return every(layers, () => (/^(mistral|mixtral|phi3|starcoder2)$/.test(modelType) ? 'sliding' : 'full'));
}

function every(layers: number, kindAt: (at: number) => LayerKind): LayerKind[] {
  return Array.from({ length: layers }, (_, at) => kindAt(at));
}

function kindOfName(value: unknown): LayerKind {
  const name = readWord(value) ?? '';
  if (name.includes('sliding') || name.includes('chunked')) return 'sliding';
  if (name.includes('linear')) return 'linear';
  if (name.includes('mamba')) return 'mamba';
  return 'full';
}

function slidingWindow(text: JsonRecord | null): number | null {
  return countOf(text, ['sliding_window', 'sliding_window_size', 'attention_chunk_size'], 100_000_000);
}

function attention(text: JsonRecord | null, shape: Dimensions, window: number | null): LayerCache {
  const isGlobal = window === null;
  const headSize =
    (isGlobal ? countOf(text, ['global_head_dim'], 100_000) : null) ??
    countOf(text, ['head_dim', 'attention_head_dim'], 100_000) ??
    Math.ceil(shape.hiddenSize / shape.heads);
  const valueSize = (isGlobal && countOf(text, ['global_head_dim'], 100_000)) || countOf(text, ['v_head_dim'], 100_000);
  const kvHeads = (isGlobal ? countOf(text, ['num_global_key_value_heads'], 100_000) : null) ?? shape.kvHeads;
  return { kind: 'attention', kvHeads, keyAndValueSize: headSize + (valueSize || headSize), window };
}

function latent(text: JsonRecord | null): LayerCache | null {
  const rank = countOf(text, ['kv_lora_rank'], 1_000_000);
  if (rank === null) return null;
  const rope = countOf(text, ['qk_rope_head_dim'], 100_000) ?? 64;
  return { kind: 'latent', size: rank + rope, indexSize: countOf(text, ['index_head_dim'], 100_000) ?? 0 };
}

/** Gated delta net (Qwen3-Next, Qwen3.5) and KDA (Kimi-Linear): a 32-bit matrix per value head, and the short convolution. */
function linearStateBytes(text: JsonRecord | null): number {
  const kimi = readRecord(field(text, 'linear_attn_config'));
  const kimiHeads = countOf(kimi, ['num_heads'], 100_000);
  const kimiSize = countOf(kimi, ['head_dim'], 100_000);
  const valueHeads = countOf(text, ['linear_num_value_heads'], 100_000) ?? kimiHeads ?? 0;
  const keyHeads = countOf(text, ['linear_num_key_heads'], 100_000) ?? kimiHeads ?? 0;
  const keySize = countOf(text, ['linear_key_head_dim'], 100_000) ?? kimiSize ?? 0;
  const valueSize = countOf(text, ['linear_value_head_dim'], 100_000) ?? kimiSize ?? 0;
  const kernel =
    countOf(text, ['linear_conv_kernel_dim'], 1000) ?? countOf(kimi, ['short_conv_kernel_size'], 1000) ?? 4;
  return valueHeads * keySize * valueSize * 4 + (2 * keyHeads * keySize + valueHeads * valueSize) * (kernel - 1) * 2;
}

/** Mamba 2 keeps heads × size × state in 32 bits; Mamba 1 (Jamba) the expanded width × state. */
function mambaStateBytes(text: JsonRecord | null, { hiddenSize }: Dimensions): number {
  const expanded = (countOf(text, ['mamba_expand', 'expand'], 1000) ?? 2) * hiddenSize;
  const heads = countOf(text, ['mamba_num_heads', 'mamba_n_heads', 'num_heads'], 100_000);
  const headSize = countOf(text, ['mamba_head_dim', 'mamba_d_head', 'head_dim'], 100_000);
  const width = heads !== null && headSize !== null ? heads * headSize : expanded;
  const state = countOf(text, ['ssm_state_size', 'mamba_d_state', 'state_size'], 100_000) ?? 128;
  const groups = countOf(text, ['n_groups', 'mamba_n_groups'], 10_000) ?? 1;
  const kernel = countOf(text, ['conv_kernel', 'mamba_d_conv', 'd_conv'], 1000) ?? 4;
  return width * state * 4 + (width + 2 * groups * state) * (kernel - 1) * 2;
}
