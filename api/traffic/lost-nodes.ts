/**
 * Tells the lifecycle that a node does not answer. It says only "look": what is true, and what to do, the
 * lifecycle finds out itself. While a node stays lost it is told again now and then, in case it looked too
 * soon; how often is bounded per node here, and over all processes by the signal's dedupe key.
 */
import type { Logger } from 'pino';
import type { Db } from '../../db/client.ts';
import { enqueueSignal } from '../../db/outbox.ts';

export interface LostNode {
  endpointId: string;
  nodeId: string;
  version: number;
}

export class LostNodes {
  readonly #db: Db;
  readonly #logger: Logger;
  readonly #everyMs: number;
  readonly #reportedAtMs = new Map<string, number>();

  constructor(db: Db, logger: Logger, everyMs: number) {
    this.#db = db;
    this.#logger = logger;
    this.#everyMs = everyMs;
  }

  /** Fire and forget: when Postgres is away, the next look reports again. */
  report(lost: LostNode): void {
    const { endpointId, nodeId, version } = lost;
    const nowMs = performance.now();
    const reportedAtMs = this.#reportedAtMs.get(nodeId);
    if (reportedAtMs !== undefined && nowMs - reportedAtMs < this.#everyMs) return;
    this.#reportedAtMs.set(nodeId, nowMs);
    this.#logger.warn({ endpointId, nodeId }, 'a node does not answer');
    enqueueSignal(this.#db, {
      endpointId,
      signal: 'nodeLost',
      payload: { nodeId },
      dedupeKey: `nodeLost:${nodeId}:${version}:${Math.floor(Date.now() / this.#everyMs)}`,
    }).catch((error: unknown) => {
      this.#reportedAtMs.delete(nodeId);
      this.#logger.warn({ err: error, endpointId, nodeId }, 'a lost node could not be reported');
    });
  }

  forget(nodeId: string): void {
    this.#reportedAtMs.delete(nodeId);
  }
}
