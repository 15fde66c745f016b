/**
 * Arguments of the GPU runtime (vLLM 0.32) that follow from the model and the machine. Everything that sizing counted
 * on is stated, never left to a default: defaults change between versions and differ by GPU. Address, keys, names and
 * revisions are the provider's to add.
 */
import type { ModelShape } from './sizing/model-shape.ts';
import type { RuntimeSettings } from './sizing/memory.ts';
import { parsersFor } from './sizing/runtime-parsers.ts';
import type { FileFormat } from './sizing/plan.ts';

export interface FlagInputs {
  model: string;
  shape: ModelShape | null;
  format: FileFormat | null;
  settings: RuntimeSettings;
  expertParallel: boolean;
  /** Tokens; null to let the runtime find the longest that fits. */
  contextLength: number | null;
  /** Only when the repository needs it and the owner's policy allows it. */
  trustRemoteCode: boolean;
}

export function runtimeFlags(inputs: FlagInputs): string[] {
  const { settings, shape } = inputs;
  const { toolCalls, reasoning } = parsersFor(inputs.model);
  // The config could not be read: a length above the model's own limit would be refused.
  const contextLength = shape === null ? null : inputs.contextLength;
  return [
    ...['--tensor-parallel-size', String(settings.tensorParallel)],
    ...['--max-model-len', contextLength === null ? 'auto' : String(contextLength)],
    ...['--max-num-seqs', String(settings.maxNumSeqs)],
    ...['--max-num-batched-tokens', String(settings.maxBatchedTokens)],
    ...['--gpu-memory-utilization', settings.gpuMemoryUtilization.toFixed(2)],
    ...(settings.kvBytesPerElement === 1 ? ['--kv-cache-dtype', 'fp8'] : []),
    ...(settings.enforceEager ? ['--enforce-eager'] : []),
    ...(inputs.expertParallel ? ['--enable-expert-parallel'] : []),
    // One image per request is what the activations were counted for.
    ...(shape?.hasVision ? ['--limit-mm-per-prompt', '{"image":1}'] : []),
    ...(inputs.trustRemoteCode ? ['--trust-remote-code'] : []),
    // Mistral's own file layout: no config.json, no tokenizer.json.
    ...(inputs.format === 'consolidated'
      ? ['--tokenizer-mode', 'mistral', '--config-format', 'mistral', '--load-format', 'mistral']
      : []),
    ...(toolCalls === null
      ? []
      : ['--enable-auto-tool-choice', '--tool-call-parser', toolCalls.parser, ...toolCalls.flags]),
    ...(reasoning === null ? [] : ['--reasoning-parser', reasoning]),
  ];
}
