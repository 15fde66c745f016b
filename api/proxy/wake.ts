/**
 * Asks for the end of a sleep, once per sleep: one write at a time per endpoint, and none when the route,
 * or an earlier write of ours, says that it is asked for already. Other proxies do the same; the latch and
 * the deduplicated signal in Postgres make one wake of all of it.
 */
import type { Route } from './route-table.ts';

export interface WakerOptions {
  request: (endpointId: string, sleepGeneration: number) => Promise<void>;
  timeoutMs: number;
}

interface Latch {
  sleepGeneration: number;
  written: Promise<void>;
}

export class Waker {
  readonly #options: WakerOptions;
  readonly #latches = new Map<string, Latch>();

  constructor(options: WakerOptions) {
    this.#options = options;
  }

  /** Resolves once the wish is recorded. @throws when it could not be, in time */
  async ensure(route: Route): Promise<void> {
    const { endpointId, sleepGeneration, wakeRequested } = route;
    if (wakeRequested >= sleepGeneration) return;
    const known = this.#latches.get(endpointId);
    if (known && known.sleepGeneration >= sleepGeneration) return known.written;
    const latch: Latch = { sleepGeneration, written: this.#write(endpointId, sleepGeneration) };
    this.#latches.set(endpointId, latch);
    try {
      await latch.written;
    } catch (error) {
      // The next request tries again.
      if (this.#latches.get(endpointId) === latch) this.#latches.delete(endpointId);
      throw error;
    }
  }

  forget(endpointId: string): void {
    this.#latches.delete(endpointId);
  }

  async #write(endpointId: string, sleepGeneration: number): Promise<void> {
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error('the wake could not be written in time')), this.#options.timeoutMs);
    try {
      await Promise.race([this.#options.request(endpointId, sleepGeneration), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}
