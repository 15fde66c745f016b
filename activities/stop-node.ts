import { recordEnded, setNodeState } from '../db/nodes.ts';
import type { ActivityDeps } from './deps.ts';
import { readNodeContext } from './node-spec.ts';

/** Stops a node and keeps its disk; recorded only after the provider says that it is stopped. */
export async function stopNode(deps: ActivityDeps, input: { nodeId: string; reason: string }): Promise<void> {
  const { dossier, provider, spec } = await readNodeContext(deps, input.nodeId);
  if (dossier.node.state === 'terminated' || dossier.node.state === 'stopped') return;
  await setNodeState(deps.db, input.nodeId, 'stopping', input.reason);
  const stopped = await provider.stop(spec.token, deps.limits.nodeStopGraceSeconds);
  await deps.faultPoint('stopNode.after-effect');
  await recordEnded(deps.db, input.nodeId, {
    state: stopped ? 'stopped' : 'terminated',
    endedAt: stopped?.stoppedAt ?? null,
    reason: input.reason,
  });
}
