import { liveNodes, openInterval, readNode, recordEnded, setNodeState } from '../db/nodes.ts';
import { type ActivityDeps, providerOf } from './deps.ts';
import { tellingTrouble } from './telling-trouble.ts';

/** Releases one node; `terminated` is recorded only when the provider no longer knows it. */
export async function releaseNode(deps: ActivityDeps, input: { nodeId: string; reason: string }): Promise<void> {
  const node = await readNode(deps.db, input.nodeId);
  if (node.state === 'terminated') return;
  await tellingTrouble(deps, node, 'Releasing', async () => {
    const provider = providerOf(deps, node.provider);
    const before = await provider.describe(node.token);
    // Launched by a step whose record never came: its time is paid for all the same.
    if (before) await openInterval(deps.db, node, before.startedAt ?? before.launchedAt);
    await setNodeState(deps.db, node.id, 'releasing', input.reason);
    await provider.release(node.token);
    await deps.faultPoint('releaseNode.after-effect');
    const after = await provider.describe(node.token);
    if (after && after.state !== 'terminated') {
      throw new Error(`node ${node.id} is still ${after.state} at ${provider.name}`);
    }
    await recordEnded(deps.db, node.id, {
      state: 'terminated',
      endedAt: before?.stoppedAt ?? null,
      reason: input.reason,
    });
  });
}

/** Releases whatever live node a slot has; the undo of a bring-up, registered before its first step. */
export async function releaseSlot(
  deps: ActivityDeps,
  input: { endpointId: string; slot: number; reason: string },
): Promise<void> {
  for (const node of await liveNodes(deps.db, input.endpointId)) {
    if (node.slot === input.slot) await releaseNode(deps, { nodeId: node.id, reason: input.reason });
  }
}
