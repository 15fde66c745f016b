import { CancellationScope } from '@temporalio/workflow';
import { read, undo } from './activity-options.ts';
import type { Attention } from './attention.ts';
import { unlessChanged } from './unless-changed.ts';

/** Releases every live node of an endpoint, in parallel, whatever happens meanwhile. */
export async function releaseAll(endpointId: string, reason: string): Promise<void> {
  await CancellationScope.nonCancellable(() =>
    forEachNode(endpointId, (nodeId) =>
      undo.releaseNode.executeWithOptions({ summary: `release ${nodeId}` }, [{ nodeId, reason }]),
    ),
  );
}

/**
 * Stops every live node and keeps their disks. A stop that does not succeed must not stand in the way of
 * a delete, which releases instead.
 * @returns false when the owner deleted the endpoint meanwhile
 */
export async function stopAll(endpointId: string, reason: string, attention: Attention): Promise<boolean> {
  return stopUnlessDeleted(endpointId, attention, () => forEachNode(endpointId, (nodeId) => stopNode(nodeId, reason)));
}

/** As `stopAll`, for some of the nodes. */
export async function stopNodes(
  endpointId: string,
  nodeIds: readonly string[],
  reason: string,
  attention: Attention,
): Promise<boolean> {
  return stopUnlessDeleted(endpointId, attention, async () => {
    await Promise.all(nodeIds.map((nodeId) => stopNode(nodeId, reason)));
  });
}

async function stopUnlessDeleted(
  endpointId: string,
  attention: Attention,
  stop: () => Promise<void>,
): Promise<boolean> {
  const stopped = await unlessChanged(
    endpointId,
    attention,
    (now) => now.power !== 'deleted',
    async () => {
      await stop();
      return true;
    },
  );
  return stopped !== null;
}

async function stopNode(nodeId: string, reason: string): Promise<void> {
  await undo.stopNode.executeWithOptions({ summary: `stop ${nodeId}` }, [{ nodeId, reason }]);
}

async function forEachNode(endpointId: string, act: (nodeId: string) => Promise<void>): Promise<void> {
  const view = await read.readEndpoint({ endpointId });
  await Promise.all((view?.nodes ?? []).map((node) => act(node.nodeId)));
}
