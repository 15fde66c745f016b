/**
 * Models whose name does not say how large they are, or says it more than a tenth wrong (Qwen3-0.6B has 0.75 B).
 * Matched against the name without its owner, lower case; the first match wins, so the narrower goes first.
 *
 * Sources: Hub safetensors totals as collected in AlexsJones/llmfit (a3e0eb2), vllm-project/recipes (8959cf6) model
 * cards, KAITO's model catalogue (056b8280b), bentoml/openllm-models, TGI#1769.
 */
import type { WeightFormat } from '../quantization.ts';

export interface Family {
  pattern: RegExp;
  parameters: number;
  /** What the family's plain repository holds; 16-bit when absent. */
  format?: WeightFormat;
  bitsPerParameter?: number;
}

// biome-ignore format: families read best in rows
export const FAMILIES: readonly Family[] = [
  // Sizes that a rule would read too far off
  { pattern: /^qwen3-0\.6b/, parameters: 0.7516e9 },
  { pattern: /^qwen3-1\.7b/, parameters: 2.032e9 },
  { pattern: /^qwen2\.5-vl-7b/, parameters: 8.292e9 },
  { pattern: /^(meta-)?llama-3\.2-1b/, parameters: 1.236e9 },
  { pattern: /^deepseek-r1-distill-qwen-1\.5b/, parameters: 1.777e9 },
  { pattern: /^gemma-2-2b/, parameters: 2.614e9 },
  { pattern: /^gemma-(3n|4)-e2b/, parameters: 5.123e9 },
  { pattern: /^gemma-(3n|4)-e4b/, parameters: 7.996e9 },
  { pattern: /(^|-)mixtral-8x7b/, parameters: 46.7e9 },
  { pattern: /(^|-)mixtral-8x22b/, parameters: 140.6e9 },
  { pattern: /^qwen1\.5-moe-a2\.7b/, parameters: 14.316e9 },
  { pattern: /^qwen3-coder-next/, parameters: 79.68e9 },
  { pattern: /^hunyuan-a13b/, parameters: 79.71e9 },
  { pattern: /^hy3/, parameters: 298.8e9 },
  // Active parameters and a number of experts
  { pattern: /llama-4-scout-17b-16e/, parameters: 109e9 },
  { pattern: /llama-4-maverick-17b-128e/, parameters: 401.6e9 },
  // No size at all
  { pattern: /^mistral-large-(instruct-)?24(07|11)/, parameters: 123e9 },
  { pattern: /^pixtral-large/, parameters: 124e9 },
  { pattern: /^mistral-large-3-675b/, parameters: 675e9, format: 'fp8' },
  { pattern: /^mistral-medium-3\.5-128b/, parameters: 128e9, format: 'fp8' },
  { pattern: /^mistral-small-4-119b/, parameters: 119e9, format: 'fp8' },
  { pattern: /^ministral-3-14b-instruct/, parameters: 14e9, format: 'fp8' },
  { pattern: /^mistral-nemo/, parameters: 12.2e9 },
  { pattern: /^phi-2($|-)/, parameters: 2.78e9 },
  { pattern: /^phi-(3|3\.5)-mini/, parameters: 3.821e9 },
  { pattern: /^phi-(3|3\.5)-medium/, parameters: 13.96e9 },
  { pattern: /^phi-4-mini/, parameters: 3.839e9 },
  { pattern: /^phi-4($|-(?!multimodal))/, parameters: 14.66e9 },
  { pattern: /^deepseek-(v2|coder-v2)(-chat|-instruct|-base|-0\d{3})*$/, parameters: 235.7e9 },
  { pattern: /^deepseek-(v2|coder-v2)-lite/, parameters: 15.71e9 },
  { pattern: /^deepseek-ocr/, parameters: 3.336e9 },
  { pattern: /^deepseek-v4-pro/, parameters: 861.6e9, format: 'fp8' },
  { pattern: /^deepseek-(r1|v3|v3\.1|v3\.2)(?!.*(distill|qwen|llama))/, parameters: 684.5e9, format: 'fp8' },
  { pattern: /^gpt-oss-20b/, parameters: 20.91e9, format: 'mxfp4' },
  { pattern: /^gpt-oss-120b/, parameters: 116.8e9, format: 'mxfp4' },
  { pattern: /^gpt2-xl/, parameters: 1.608e9 },
  { pattern: /^gpt2-large/, parameters: 0.812e9 },
  { pattern: /^gpt2-medium/, parameters: 0.38e9 },
  { pattern: /^gpt2$/, parameters: 0.137e9 },
  { pattern: /^bloom$/, parameters: 176.2e9 },
  { pattern: /command-r-plus/, parameters: 104e9 },
  { pattern: /command-r(-v01|-08-2024)?$/, parameters: 35e9 },
  { pattern: /command-a/, parameters: 111e9 },
  { pattern: /^kimi-k2\.[56]/, parameters: 1058.6e9, format: 'int4', bitsPerParameter: 4.5 },
  { pattern: /^kimi-k2-thinking/, parameters: 1058.1e9, format: 'int4', bitsPerParameter: 4.5 },
  { pattern: /^kimi-k2/, parameters: 1026.5e9, format: 'fp8' },
  { pattern: /^kimi-k3/, parameters: 2800e9 },
  { pattern: /^glm-4\.[56]-air/, parameters: 110.5e9 },
  { pattern: /^glm-4\.[567](-fp8)?$/, parameters: 358.3e9 },
  { pattern: /^glm-5(\.\d)?(-|$)/, parameters: 753.9e9 },
  { pattern: /^minimax-m2/, parameters: 228.7e9, format: 'fp8' },
  { pattern: /^step-3\.5-flash/, parameters: 199.4e9 },
  { pattern: /^mimo-v2-flash/, parameters: 309.8e9, format: 'fp8' },
  { pattern: /^trinity-large/, parameters: 398.6e9 },
  { pattern: /^nomic-embed-text/, parameters: 0.1367e9 },
  { pattern: /^jina-embeddings-v3/, parameters: 0.5724e9 },
];
