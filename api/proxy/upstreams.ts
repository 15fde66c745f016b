/**
 * One connection pool per node address. Generations take as long as they take, so there is no timeout on
 * answers; a node that hangs is found by its health. Idle connections are given up before the node does it.
 */
import { Pool } from 'undici';
import type { Route } from './route-table.ts';

export class Upstreams {
  readonly #pools = new Map<string, Pool>();
  readonly #timings: { connectMs: number; keepAliveMs: number };

  constructor(timings: { connectMs: number; keepAliveMs: number }) {
    this.#timings = timings;
  }

  of(address: string): Pool {
    let pool = this.#pools.get(address);
    if (!pool) {
      const { connectMs, keepAliveMs } = this.#timings;
      pool = new Pool(address, {
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: keepAliveMs,
        // A node's own hint may shorten this, never lengthen it.
        keepAliveMaxTimeout: keepAliveMs,
        pipelining: 1,
        connect: { timeout: connectMs, noDelay: true },
      });
      this.#pools.set(address, pool);
    }
    return pool;
  }

  /** Lets go of addresses that a route no longer has; what is in flight there still ends. */
  routeChanged(route: Route | undefined, before: Route | undefined): void {
    for (const node of before?.nodes ?? []) {
      if (node.address === null || route?.nodes.some((kept) => kept.address === node.address)) continue;
      const pool = this.#pools.get(node.address);
      this.#pools.delete(node.address);
      pool?.close().catch(() => {});
    }
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
}
