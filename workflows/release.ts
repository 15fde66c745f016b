import { CancellationScope } from '@temporalio/workflow';
import { read, undo } from './activity-options.ts';

/** Releases every live node of an endpoint, in parallel, whatever happens meanwhile. */
export async function releaseAll(endpointId: string, reason: string): Promise<void> {
  await forEachNode(endpointId, (nodeId) =>
    undo.releaseNode.executeWithOptions({ summary: `release ${nodeId}` }, [{ nodeId, reason }]),
  );
}

/** Stops every live node and keeps their disks. */
export async function stopAll(endpointId: string, reason: string): Promise<void> {
  await forEachNode(endpointId, (nodeId) =>
    undo.stopNode.executeWithOptions({ summary: `stop ${nodeId}` }, [{ nodeId, reason }]),
  );
}

async function forEachNode(endpointId: string, act: (nodeId: string) => Promise<void>): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    const view = await read.readEndpoint({ endpointId });
    await Promise.all((view?.nodes ?? []).map((node) => act(node.nodeId)));
  });
}
