import type { WeightsFile } from './sizing/plan.ts';

/** The model that works with no network: its weights come with a pinned download (see downloads/). */
export const BUILTIN_MODEL = {
  id: 'HuggingFaceTB/SmolLM2-135M-Instruct',
  aliases: ['HuggingFaceTB/SmolLM2-135M-Instruct-GGUF'],
  file: {
    path: 'SmolLM2-135M-Instruct.Q4_1.gguf',
    sizeBytes: 98_362_432,
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
  } satisfies WeightsFile,
} as const;

export function isBuiltinModel(model: string): boolean {
  return model === BUILTIN_MODEL.id || BUILTIN_MODEL.aliases.some((alias) => alias === model);
}
