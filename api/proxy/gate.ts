/**
 * Where requests of one endpoint wait for a node: first come, first served, bounded by count and bytes. It
 * looks again on every change of the route, and lets as many go as the nodes can take at once, so that a
 * node that has just come up is not flattened by all who waited.
 */
import { type Admission, admission } from './admission.ts';
import { type Failure, failure } from './failure.ts';
import type { Route } from './route-table.ts';

export interface Waiter {
  readonly bodyBytes: number;
  /** Looks at what has become of the endpoint; returns why waiting is over, if it is. */
  look(route: Route): Failure | null;
  /** Goes on to a node, now. */
  release(): void;
  refuse(it: Failure): void;
}

export interface GateDeps {
  route: () => Route | undefined;
  usableNodes: (route: Route) => number;
  inFlight: () => number;
  /** Asks for the end of a sleep. @throws when that could not be recorded */
  wake: (route: Route) => Promise<void>;
  onHold: () => void;
  onUnhold: () => void;
  limits: { wakeQueueMax: number; wakeQueueBytesMax: number };
}

export const WAKE_UNAVAILABLE = failure(
  'wake_unavailable',
  'The endpoint is asleep and cannot be woken at this moment. Retry shortly.',
  { retryAfterSeconds: 5 },
);

export class Gate {
  readonly #deps: GateDeps;
  /** Those whose node was lost; they have waited their turn already. */
  readonly #returned = new Set<Waiter>();
  readonly #waiting = new Set<Waiter>();
  #bytes = 0;

  constructor(deps: GateDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#returned.size + this.#waiting.size;
  }

  /** Joins the queue. False when it is full. A returned waiter always finds room: it had some before. */
  join(waiter: Waiter, returned: boolean): boolean {
    const { limits, onHold } = this.#deps;
    const full = this.size >= limits.wakeQueueMax || this.#bytes + waiter.bodyBytes > limits.wakeQueueBytesMax;
    if (full && !returned) return false;
    (returned ? this.#returned : this.#waiting).add(waiter);
    this.#bytes += waiter.bodyBytes;
    onHold();
    this.look();
    return true;
  }

  leave(waiter: Waiter): void {
    if (!this.#returned.delete(waiter) && !this.#waiting.delete(waiter)) return;
    this.#bytes -= waiter.bodyBytes;
    this.#deps.onUnhold();
  }

  /** Judges those who wait by how things are now. */
  look(): void {
    if (this.size === 0) return;
    const route = this.#deps.route();
    if (route) {
      for (const waiter of this.#all()) {
        const over = waiter.look(route);
        if (over) this.#refuse(waiter, over);
      }
    }
    const verdict = this.#verdict();
    if (verdict.kind === 'refuse') this.#refuseAll(verdict.failure);
    else if (verdict.kind === 'forward') this.pump();
    else if (verdict.wake && route && this.size > 0) this.#wake(route);
  }

  /** Lets go as many as the nodes can take. */
  pump(): void {
    const { route, usableNodes, inFlight } = this.#deps;
    while (this.size > 0) {
      const current = route();
      if (!current || this.#verdict().kind !== 'forward') return;
      if (inFlight() >= current.targetConcurrency * usableNodes(current)) return;
      const [head] = this.#all();
      if (!head) return;
      this.leave(head);
      head.release();
    }
  }

  refuseAll(it: Failure): void {
    this.#refuseAll(it);
  }

  #verdict(): Admission {
    const route = this.#deps.route();
    return admission(route, route !== undefined && this.#deps.usableNodes(route) > 0);
  }

  #wake(route: Route): void {
    this.#deps.wake(route).catch(() => {
      const verdict = this.#verdict();
      if (verdict.kind === 'hold' && verdict.wake) this.#refuseAll(WAKE_UNAVAILABLE);
    });
  }

  #refuseAll(it: Failure): void {
    for (const waiter of [...this.#all()]) this.#refuse(waiter, it);
  }

  #refuse(waiter: Waiter, it: Failure): void {
    this.leave(waiter);
    waiter.refuse(it);
  }

  *#all(): Generator<Waiter> {
    yield* this.#returned;
    yield* this.#waiting;
  }
}
