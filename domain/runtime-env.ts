/**
 * What an owner may pass to the runtime of a node: environment names and command-line arguments. Names and
 * flags that the system itself sets are reserved, because overriding them would move the runtime off its
 * address, take its secret away, or make it load something else.
 */
const ENV_NAME = /^[A-Z_][A-Z0-9_]{0,63}$/;

// biome-ignore format: names read best in rows
const RESERVED_ENV_NAMES = new Set([
  'PATH', 'HOME', 'USER', 'SHELL', 'PWD', 'TMPDIR', 'IFS', 'ENV', 'BASH_ENV', 'NODE_OPTIONS', 'PORT', 'HOST',
  'HF_TOKEN', 'HF_ENDPOINT', 'HF_HOME', 'HUGGING_FACE_HUB_TOKEN', 'DATABASE_URL', 'CUDA_VISIBLE_DEVICES',
]);
const RESERVED_ENV_PREFIXES = [
  'LD_',
  'DYLD_',
  'PYTHON',
  'HYPERVIZE_',
  'TEMPORAL_',
  'AWS_',
  'GOOGLE_',
  'VLLM_API_',
  'LLAMA_',
];

export function isEnvName(name: string): boolean {
  return ENV_NAME.test(name);
}

export function isReservedEnvName(name: string): boolean {
  return RESERVED_ENV_NAMES.has(name) || RESERVED_ENV_PREFIXES.some((prefix) => name.startsWith(prefix));
}

// biome-ignore format: flags read best in rows
const RESERVED_FLAGS = new Set([
  '--host', '--port', '--uds', '--root-path', '--api-key', '--api-key-file', '--api-prefix', '--ssl-keyfile',
  '--ssl-certfile', '--ssl-key-file', '--ssl-cert-file', '--model', '-m', '--model-url', '-mu', '--hf-repo', '-hf', '-hfr',
  '--hf-file', '-hff', '--hf-token', '-hft', '--served-model-name', '--alias', '-a', '--revision', '--tokenizer', '--path',
  '--log-file', '--slot-save-path', '--rpc', '--config', '--trust-remote-code', '--download-dir', '--media-path',
  '--allowed-local-media-path', '--allowed-origins', '--webui', '--chat-template-file', '--grammar-file', '--props', '--slots',
]);

/** The reserved flag that an argument is, in either form (`--port`, `--port=1`), or null. Underscores count as dashes. */
export function reservedFlagOf(argument: string): string | null {
  if (!argument.startsWith('-')) return null;
  const flag = (argument.split('=')[0] ?? '').replaceAll('_', '-');
  return RESERVED_FLAGS.has(flag) ? flag : null;
}
