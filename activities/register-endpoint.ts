import { recordStage } from '../db/lifecycle.ts';
import { readNode, setNodeState } from '../db/nodes.ts';
import type { ActivityDeps } from './deps.ts';

/** Puts a node that has answered into the endpoint's route; proxies send to it once the endpoint is up. */
export async function registerEndpoint(deps: ActivityDeps, input: { nodeId: string }): Promise<void> {
  const node = await readNode(deps.db, input.nodeId);
  await recordStage(deps.db, node.endpoint_id, 'registering');
  if (node.state === 'starting') await setNodeState(deps.db, input.nodeId, 'ready');
}
