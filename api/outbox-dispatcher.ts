/**
 * Delivers signals from the outbox to lifecycles: at once when one is added, and every two seconds whatever
 * was missed or failed before. Signals of one endpoint go in order, different endpoints side by side. Any
 * number of api processes may do this at once; a claim lasts ten seconds (db/outbox.ts).
 * Nothing thrown here reaches a caller: what could not be delivered stays in the outbox.
 */
import type { Db } from '../db/client.ts';
import { type PendingSignal, claimSignals, hastenSignals, markDelivered, postponeSignal } from '../db/outbox.ts';
import type { Logger } from '../log.ts';
import type { Changes } from './changes.ts';
import type { LifecycleClient } from './lifecycle-client.ts';

export interface OutboxDispatcher {
  start(): void;
  /** Looks into the outbox soon. */
  poke(): void;
  /** Takes nothing new, and resolves when what was taken has been delivered or put back. */
  close(): Promise<void>;
}

export interface OutboxDispatcherDeps {
  db: Db;
  lifecycle: LifecycleClient;
  changes: Changes;
  logger: Logger;
  pollMs?: number;
  concurrency?: number;
}

export function createOutboxDispatcher(deps: OutboxDispatcherDeps): OutboxDispatcher {
  const { db, lifecycle, logger, pollMs = 2_000, concurrency = 16 } = deps;
  /** The last delivery of each endpoint, resolving to whether the next may follow it. */
  const lines = new Map<string, Promise<boolean>>();
  let taken = 0;
  let closed = false;
  let failing = false;
  let wasUnreachable = false;
  let lookAgain = false;
  let looking: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let unsubscribe = () => {};

  function poke(): void {
    lookAgain = true;
    looking ??= look().finally(() => {
      looking = null;
      // A poke that came while the loop was ending.
      if (lookAgain && !closed && taken < concurrency) poke();
    });
  }

  async function look(): Promise<void> {
    while (lookAgain && !closed && taken < concurrency) {
      lookAgain = false;
      try {
        const signals = await claimSignals(db, concurrency - taken);
        for (const signal of signals) enqueue(signal);
        if (signals.length > 0) lookAgain = true;
      } catch (err) {
        logger.warn({ err }, 'the outbox could not be read; trying again soon');
        lookAgain = false;
      }
    }
  }

  function enqueue(signal: PendingSignal): void {
    taken++;
    const before = lines.get(signal.endpointId) ?? Promise.resolve(true);
    const line = before.then((mayFollow) => deliver(signal, mayFollow));
    lines.set(signal.endpointId, line);
    void line.finally(() => {
      taken--;
      if (lines.get(signal.endpointId) === line) lines.delete(signal.endpointId);
      if (!closed) poke();
    });
  }

  /** Resolves to whether the endpoint's next signal may be tried. Never throws. */
  async function deliver(signal: PendingSignal, mayFollow: boolean): Promise<boolean> {
    try {
      if (!mayFollow) throw new Error('waits for the signal before it');
      if (signal.signal === 'start') await lifecycle.ensureStarted(signal.endpointId);
      else await lifecycle.signal(signal.endpointId, signal.signal, signal.payload);
      await markDelivered(db, signal.id);
      return true;
    } catch (err) {
      failing = true;
      const message = err instanceof Error ? err.message : String(err);
      logger.warn(
        { reason: message, endpointId: signal.endpointId, signal: signal.signal },
        'a signal was not delivered; trying again',
      );
      await postponeSignal(db, signal.id, signal.attempts, message).catch(() => {
        // The claim runs out by itself.
      });
      return false;
    }
  }

  async function tick(): Promise<void> {
    // After an outage nobody should wait out the pauses that grew during it.
    if (failing) {
      const isReachable = await lifecycle.isReachable();
      if (isReachable) {
        failing = false;
        if (wasUnreachable) await hastenSignals(db).catch(() => logger.debug('signals keep their pauses'));
      }
      wasUnreachable = !isReachable;
    }
    poke();
  }

  return {
    start() {
      unsubscribe = deps.changes.subscribe('outbox_added', null, poke);
      timer = setInterval(() => void tick(), pollMs);
      poke();
    },
    poke,
    async close() {
      closed = true;
      clearInterval(timer);
      unsubscribe();
      await looking;
      await Promise.all(lines.values());
    },
  };
}
