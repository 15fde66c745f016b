/**
 * Which parsers of vLLM 0.32 turn a family's own way of calling tools and of thinking into OpenAI fields. From
 * vllm-project/recipes (8959cf6). A name that the pinned image does not know makes the server exit, so a family that
 * is not here gets none.
 */
export interface Parsers {
  toolCalls: { parser: string; flags: readonly string[] } | null;
  reasoning: string | null;
}

/** Against the name without its owner, lower case; the first match wins, so the narrower goes first. */
// biome-ignore format: families read best in rows
const FAMILIES: readonly [pattern: RegExp, toolCalls: string | null, reasoning: string | null][] = [
  [/embed|rerank|reward|guard|bge-|gte-|e5-/, null, null],
  [/distill/, null, 'deepseek_r1'],
  [/deepseek-v4/, 'deepseek_v4', 'deepseek_v4'],
  [/deepseek-v3\.2/, 'deepseek_v32', 'deepseek_v3'],
  [/deepseek-v3\.1/, 'deepseek_v31', 'deepseek_v3'],
  [/deepseek-r1-0528-qwen/, null, 'deepseek_r1'],
  [/deepseek-r1/, 'deepseek_v3', 'deepseek_r1'],
  [/deepseek-v3/, 'deepseek_v3', null],
  [/qwen3-coder/, 'qwen3_coder', null],
  [/qwen3\.[568]/, 'qwen3_coder', 'qwen3'],
  [/qwen3-.*(instruct)/, 'hermes', null],
  [/qwen3/, 'hermes', 'qwen3'],
  [/qwq/, 'hermes', 'deepseek_r1'],
  [/qwen2\.5(?!-(math|coder|omni))/, 'hermes', null],
  [/nemotron-3/, 'qwen3_coder', 'nemotron_v3'],
  [/llama-4/, 'llama4_pythonic', null],
  [/llama-3\.[123].*instruct/, 'llama3_json', null],
  [/magistral|mistral.*reasoning|ministral.*reasoning/, 'mistral', 'mistral'],
  [/(mistral|ministral|devstral|mixtral).*(instruct|small|medium|large)|mistral-(small|medium|large)|devstral/, 'mistral', null],
  [/gpt-oss/, 'openai', 'openai_gptoss'],
  [/glm-(4\.7|5)/, 'glm47', 'glm45'],
  [/glm-4\.[56]/, 'glm45', 'glm45'],
  [/kimi-k3/, 'kimi_k3', 'kimi_k3'],
  [/kimi-k2(-thinking|\.[5-9])/, 'kimi_k2', 'kimi_k2'],
  [/kimi-k2/, 'kimi_k2', null],
  [/minimax-m3/, 'minimax_m3', 'minimax_m3'],
  [/minimax-m2/, 'minimax_m2', 'minimax_m2'],
  [/gemma-4.*it/, 'gemma4', 'gemma4'],
  [/seed-oss/, 'seed_oss', 'seed_oss'],
  [/step-?3[.p][5-9]/, 'step3p5', 'step3p5'],
  [/^hy3/, 'hy_v3', 'hy_v3'],
  [/lfm2.*thinking/, 'lfm2', 'qwen3'],
  [/lfm2/, 'lfm2', null],
  [/granite-4/, 'granite4', 'granite'],
  [/phi-4-mini/, 'phi4_mini_json', null],
];

export function parsersFor(model: string): Parsers {
  const name = (model.split('/').at(-1) ?? model).toLowerCase();
  const [, parser, reasoning] = FAMILIES.find(([pattern]) => pattern.test(name)) ?? [null, null, null];
  const flags = parser === 'deepseek_v32' ? ['--tokenizer-mode', 'deepseek_v32'] : [];
  return { toolCalls: parser ? { parser, flags } : null, reasoning: reasoning ?? null };
}
