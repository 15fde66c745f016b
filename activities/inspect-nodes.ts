import { liveNodes } from '../db/nodes.ts';
import type { NodeObservation } from '../providers/provider.ts';
import { type ActivityDeps, providerOf } from './deps.ts';
import { isHealthy } from './runtime-probe.ts';

export interface NodeVerdict {
  nodeId: string;
  slot: number;
  /**
   * `stopped`: by order. `gone`: it ended by itself. `hung`: it runs and does not answer. `unknown`: its
   * provider cannot be asked at this moment; such a node is left alone.
   */
  verdict: 'healthy' | 'stopped' | 'gone' | 'hung' | 'unknown';
}

const TRIES = 3;

/** Asks provider and runtime how each serving node really is. */
export async function inspectNodes(deps: ActivityDeps, input: { endpointId: string }): Promise<NodeVerdict[]> {
  const nodes = (await liveNodes(deps.db, input.endpointId)).filter((node) => node.state === 'ready');
  return Promise.all(
    nodes.map(async (node) => {
      const verdict = await providerOf(deps, node.provider)
        .describe(node.token)
        .then(
          (truth) => judge(truth, node.address),
          () => 'unknown' as const,
        );
      return { nodeId: node.id, slot: node.slot, verdict };
    }),
  );
}

async function judge(truth: NodeObservation | null, address: string | null): Promise<NodeVerdict['verdict']> {
  if (truth?.stoppedBy === 'order') return 'stopped';
  if (!truth || truth.state !== 'running' || truth.address !== address) return 'gone';
  for (let attempt = 0; address && attempt < TRIES; attempt++) {
    if (await isHealthy(address)) return 'healthy';
  }
  return 'hung';
}
