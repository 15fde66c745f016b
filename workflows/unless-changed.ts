import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { EndpointView } from '../activities/read-endpoint.ts';
import { read } from './activity-options.ts';
import type { Attention } from './attention.ts';

/**
 * Runs `work`, and cancels it as soon as the owner's wishes make it wrong. A cancelled work has run its
 * compensations when this returns.
 *
 * @param isWanted looked at after each signal, with the records read afresh
 * @returns the work's result, or null when it was cancelled
 */
export async function unlessChanged<T>(
  endpointId: string,
  attention: Attention,
  isWanted: (now: EndpointView) => boolean,
  work: () => Promise<T>,
): Promise<T | null> {
  const scope = new CancellationScope();
  let ended = false;
  const watch = async () => {
    for (;;) {
      await condition(() => ended || attention.called);
      if (ended) return;
      attention.look();
      const now = await read.readEndpoint({ endpointId });
      if (ended) return;
      if (!now || !isWanted(now)) {
        scope.cancel();
        return;
      }
    }
  };
  const watching = watch();
  // Looked at in the end; until then a rejection must not count as unhandled.
  watching.catch(() => {});
  try {
    return await scope.run(work);
  } catch (error) {
    if (scope.consideredCancelled && isCancellation(error)) return null;
    throw error;
  } finally {
    ended = true;
    await watching;
  }
}
