import { recordStage } from '../db/lifecycle.ts';
import { recordRunning, setNodeState } from '../db/nodes.ts';
import type { ActivityDeps } from './deps.ts';
import { readNodeContext } from './node-spec.ts';

/**
 * Gets the node's machine running: launches it, or starts it again when it was stopped. Safe to repeat:
 * the provider knows the token.
 * @throws ProviderError by class
 */
export async function provisionNode(deps: ActivityDeps, input: { nodeId: string }): Promise<{ ref: string }> {
  const { dossier, provider, spec } = await readNodeContext(deps, input.nodeId);
  const before = await provider.describe(spec.token);
  if (!before) await setNodeState(deps.db, input.nodeId, 'launching');
  await recordStage(deps.db, dossier.node.endpoint_id, 'booting');
  const running = before ? await provider.start(spec) : await provider.launch(spec);
  await deps.faultPoint('provisionNode.after-effect');
  await recordRunning(deps.db, input.nodeId, {
    ref: running.ref,
    address: running.address,
    startedAt: running.startedAt ?? running.launchedAt,
  });
  return { ref: running.ref };
}
