/**
 * The longest context that one sequence may have on a chosen machine. Nearly all public "does not fit" reports are a
 * default max-model-len (131,072 on an A10 that holds 37,696 tokens), so the number is computed and always set.
 */
import { type ModelMemory, type Workload, kvPerSequence } from './memory.ts';
import type { TierFit } from './evaluate-tier.ts';

/** Kept free, because measured free memory scatters around the formula by about this share of the card. */
const RESERVE_SHARE = 0.03;

/** Tokens, at least the workload's, at most the model's own limit; in whole thousands (1,024) where there are some. */
export function longestContext(model: ModelMemory, chosen: TierFit, workload: Workload): number {
  const limit = model.shape?.maxPosition ?? workload.contextLength;
  const roomBytes = chosen.fit.kvRoomBytes - RESERVE_SHARE * chosen.gpu.usableMemoryBytes;
  const fits = (tokens: number) => kvPerSequence(model, chosen.settings, tokens) <= roomBytes;
  if (limit <= workload.contextLength || fits(limit)) return Math.max(limit, workload.contextLength);
  let [low, high] = [0, limit];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  const whole = low >= 8192 ? Math.floor(low / 1024) * 1024 : low;
  return Math.max(whole, workload.contextLength);
}
