/**
 * Nodes that this process has found wanting, and does not send to, until a look at their health or a
 * change of their record says otherwise. A reset connection may be nothing, so the look comes at once;
 * only when it fails is the node reported.
 */
import { probeHealth } from '../traffic/probe-health.ts';
import type { Route, RouteNode, RouteTable } from './route-table.ts';

interface Suspect {
  updatedAtMs: number;
  /** A stranger at the node's address: its health says nothing, only a new record does. */
  stranger: boolean;
  timer: NodeJS.Timeout | undefined;
}

export interface SuspectsDeps {
  routes: RouteTable;
  report: (lost: { endpointId: string; nodeId: string; version: number }) => void;
  /** The node may be used again. */
  onCleared: (endpointId: string) => void;
  timings: { suspectProbeMs: number; probeMs: number };
}

export class Suspects {
  readonly #deps: SuspectsDeps;
  readonly #suspects = new Map<string, Suspect>();

  constructor(deps: SuspectsDeps) {
    this.#deps = deps;
  }

  has(node: RouteNode): boolean {
    return this.#suspects.size > 0 && this.#suspects.get(node.nodeId)?.updatedAtMs === node.updatedAtMs;
  }

  add(route: Route, node: RouteNode, options: { stranger: boolean }): void {
    if (this.has(node)) return;
    this.#remove(node.nodeId);
    const suspect: Suspect = { updatedAtMs: node.updatedAtMs, stranger: options.stranger, timer: undefined };
    this.#suspects.set(node.nodeId, suspect);
    void this.#look(route.endpointId, node.nodeId, suspect);
  }

  close(): void {
    for (const nodeId of this.#suspects.keys()) this.#remove(nodeId);
  }

  async #look(endpointId: string, nodeId: string, suspect: Suspect): Promise<void> {
    const { routes, report, onCleared, timings } = this.#deps;
    const route = routes.get(endpointId);
    const node = route?.nodes.find((candidate) => candidate.nodeId === nodeId);
    if (!route || !node?.address || node.updatedAtMs !== suspect.updatedAtMs) {
      this.#remove(nodeId);
      return;
    }
    const healthy = !suspect.stranger && (await probeHealth(node.address, timings.probeMs)) === 'ok';
    if (this.#suspects.get(nodeId) !== suspect) return;
    if (healthy) {
      this.#remove(nodeId);
      onCleared(endpointId);
      return;
    }
    report({ endpointId, nodeId, version: route.version });
    suspect.timer = setTimeout(() => void this.#look(endpointId, nodeId, suspect), timings.suspectProbeMs).unref();
  }

  #remove(nodeId: string): void {
    clearTimeout(this.#suspects.get(nodeId)?.timer);
    this.#suspects.delete(nodeId);
  }
}
