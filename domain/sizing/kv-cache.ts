/**
 * Bytes of KV cache. Exact for every layer kind of layer-groups.ts: it reproduces the tokens per GiB of public vLLM
 * logs (Kimi-K2 70,272 bytes per token, Llama-3.1-8B 131,072, Mistral-Small-4 36 layers × 320 × 2).
 */
import type { LayerCache, LayerGroup } from './layer-groups.ts';
import { MIB } from './units.ts';

export interface CacheSettings {
  tensorParallel: number;
  /** 2 for 16-bit, 1 for FP8. */
  bytesPerElement: 1 | 2;
  /** Tokens of one prefill step: a sliding layer holds its window and the chunk being read. */
  maxBatchedTokens: number;
}

/** What one sequence of `tokens` keeps on each GPU. */
export function kvCacheBytes(groups: readonly LayerGroup[], tokens: number, settings: CacheSettings): number {
  return groups.reduce((sum, { layers, cache }) => sum + layers * layerBytes(cache, tokens, settings), 0);
}

function layerBytes(cache: LayerCache, tokens: number, settings: CacheSettings): number {
  const { tensorParallel, bytesPerElement, maxBatchedTokens } = settings;
  switch (cache.kind) {
    case 'attention': {
      // With fewer KV heads than GPUs each GPU holds a whole one: no further saving.
      const heads = Math.ceil(cache.kvHeads / tensorParallel);
      const kept = cache.window === null ? tokens : Math.min(tokens, cache.window + maxBatchedTokens);
      return heads * cache.keyAndValueSize * bytesPerElement * kept;
    }
    case 'latent':
      return (cache.size * bytesPerElement + cache.indexSize) * tokens;
    case 'state':
      return Math.ceil(cache.bytes / tensorParallel);
  }
}

/** Bytes that a token adds on each GPU once windows are full; 0 where nothing grows. */
export function kvBytesPerToken(groups: readonly LayerGroup[], settings: CacheSettings): number {
  const growing = groups.filter(({ cache }) => cache.kind !== 'attention' || cache.window === null);
  return kvCacheBytes(growing, 1, settings) - kvCacheBytes(growing, 0, settings);
}

/**
 * A bound for one token where the shape is not known: 0.25 MiB × √(parameters / 32 B), within 24 and 328 KiB.
 * A guess that covers the published models with grouped heads, and not validated beyond.
 */
export function kvBytesPerTokenBound(parameters: number): number {
  const scaled = 0.25 * MIB * Math.sqrt(Math.max(0, parameters) / 32e9);
  return Math.min(Math.max(scaled, 24 * 1024), 328 * 1024);
}
