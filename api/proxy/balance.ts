/** Chooses the node of a request: of those that may be used, the one with the fewest in flight from here. */
import type { Route, RouteNode } from './route-table.ts';

/** A node with all that is needed to send to it. */
export type UsableNode = RouteNode & { address: string; secret: string };

export class Balance {
  readonly #inFlight = new Map<string, number>();
  readonly #isSuspect: (node: RouteNode) => boolean;

  constructor(isSuspect: (node: RouteNode) => boolean) {
    this.#isSuspect = isSuspect;
  }

  usableCount(route: Route): number {
    let count = 0;
    for (const node of route.nodes) if (this.#isUsable(node)) count += 1;
    return count;
  }

  pick(route: Route): UsableNode | null {
    let best: UsableNode | null = null;
    let fewest = Number.POSITIVE_INFINITY;
    for (const node of route.nodes) {
      if (!this.#isUsable(node)) continue;
      const inFlight = this.#inFlight.get(node.nodeId) ?? 0;
      if (inFlight >= fewest) continue;
      best = node;
      fewest = inFlight;
    }
    return best;
  }

  begin(node: RouteNode): void {
    this.#inFlight.set(node.nodeId, (this.#inFlight.get(node.nodeId) ?? 0) + 1);
  }

  end(node: RouteNode): void {
    const inFlight = (this.#inFlight.get(node.nodeId) ?? 1) - 1;
    if (inFlight > 0) this.#inFlight.set(node.nodeId, inFlight);
    else this.#inFlight.delete(node.nodeId);
  }

  #isUsable(node: RouteNode): node is UsableNode {
    return node.state === 'ready' && node.address !== null && node.secret !== null && !this.#isSuspect(node);
  }
}
