/**
 * Looks at the health of every node that serves, from one process at a time. A node that refuses
 * connections, or fails several times in a row, is reported until it answers or leaves.
 */
import type { LostNode } from './lost-nodes.ts';
import { type Health, probeHealth } from './probe-health.ts';

export interface WatchedRoute {
  endpointId: string;
  status: string;
  version: number;
  nodes: readonly { nodeId: string; address: string | null; state: string }[];
}

export interface NodeWatchOptions {
  routes: () => Iterable<WatchedRoute>;
  report: (lost: LostNode) => void;
  failuresMax: number;
  timeoutMs: number;
  probe?: (address: string, timeoutMs: number) => Promise<Health>;
}

const PROBES_AT_ONCE_MAX = 32;

export class NodeWatch {
  readonly #options: NodeWatchOptions;
  readonly #failures = new Map<string, number>();

  constructor(options: NodeWatchOptions) {
    this.#options = options;
  }

  /** One look at all of them. Never throws. */
  async look(): Promise<void> {
    const targets = [...this.#options.routes()].filter((route) => route.status === 'up').flatMap(readyNodes);
    const present = new Set(targets.map((target) => target.nodeId));
    for (const nodeId of this.#failures.keys()) if (!present.has(nodeId)) this.#failures.delete(nodeId);
    const rest = targets.values();
    const worker = async () => {
      for (const target of rest) await this.#lookAt(target);
    };
    await Promise.all(Array.from({ length: PROBES_AT_ONCE_MAX }, worker));
  }

  async #lookAt(target: LostNode & { address: string }): Promise<void> {
    const { address, ...node } = target;
    const health = await (this.#options.probe ?? probeHealth)(address, this.#options.timeoutMs);
    if (health === 'ok') {
      this.#failures.delete(node.nodeId);
      return;
    }
    const failures = (this.#failures.get(node.nodeId) ?? 0) + 1;
    this.#failures.set(node.nodeId, failures);
    if (health === 'refused' || failures >= this.#options.failuresMax) this.#options.report(node);
  }
}

function readyNodes(route: WatchedRoute): (LostNode & { address: string })[] {
  return route.nodes.flatMap(({ nodeId, address, state }) =>
    state === 'ready' && address !== null
      ? [{ endpointId: route.endpointId, version: route.version, nodeId, address }]
      : [],
  );
}
