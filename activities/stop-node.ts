import { openInterval, recordEnded, setNodeState } from '../db/nodes.ts';
import type { ActivityDeps } from './deps.ts';
import { readNodeContext } from './node-spec.ts';
import { tellingTrouble } from './telling-trouble.ts';

/** Stops a node and keeps its disk; recorded only after the provider says that it is stopped. */
export async function stopNode(deps: ActivityDeps, input: { nodeId: string; reason: string }): Promise<void> {
  const { dossier, provider, spec } = await readNodeContext(deps, input.nodeId);
  const { node } = dossier;
  if (node.state === 'terminated' || node.state === 'stopped') return;
  await tellingTrouble(deps, node, 'Stopping', async () => {
    const before = await provider.describe(spec.token);
    if (before) await openInterval(deps.db, node, before.startedAt ?? before.launchedAt);
    await setNodeState(deps.db, node.id, 'stopping', input.reason);
    const stopped = await provider.stop(spec.token, deps.limits.nodeStopGraceSeconds);
    await deps.faultPoint('stopNode.after-effect');
    await recordEnded(deps.db, node.id, {
      state: stopped ? 'stopped' : 'terminated',
      endedAt: stopped?.stoppedAt ?? null,
      reason: input.reason,
    });
  });
}
