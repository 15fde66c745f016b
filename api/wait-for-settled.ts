/**
 * Waits until an endpoint has settled: nothing that the owner wishes is still to be done. What is still to
 * be done is decided by domain/lifecycle.ts, so a wait right after a command waits for its effect.
 */
import type { EndpointRecord } from '../db/endpoint-document.ts';
import type { EndpointStatus } from '../domain/endpoint.ts';
import { nextAction } from '../domain/lifecycle.ts';
import type { Changes } from './changes.ts';

/** Behind the notifications, should one get lost. */
const LOOK_AGAIN_MS = 10_000;

const SETTLED: ReadonlySet<EndpointStatus> = new Set(['up', 'hibernated', 'paused', 'failed', 'deleted']);
const NOTHING_TO_DO = new Set(['rest', 'serve', 'end']);

export function isSettled(record: Pick<EndpointRecord, 'lifecycle'>): boolean {
  return SETTLED.has(record.lifecycle.status) && NOTHING_TO_DO.has(nextAction(record.lifecycle));
}

export interface WaitOptions {
  endpointId: string;
  /** Null when the endpoint is gone. */
  read: () => Promise<EndpointRecord | null>;
  changes: Changes;
  timeoutMs: number;
  /** The client hung up, or this process is closing. */
  signal: AbortSignal;
}

/** The record once settled, or as it is when time is up; null when the endpoint is gone. */
export async function waitForSettled(options: WaitOptions): Promise<EndpointRecord | null> {
  const deadlineMs = performance.now() + options.timeoutMs;
  let changed = Promise.withResolvers<void>();
  // Subscribed before the first look, so that no change falls between.
  const unsubscribe = options.changes.subscribe('endpoint_changed', options.endpointId, () => changed.resolve());
  const stop = () => changed.resolve();
  options.signal.addEventListener('abort', stop);
  try {
    for (;;) {
      changed = Promise.withResolvers<void>();
      const record = await options.read();
      const leftMs = deadlineMs - performance.now();
      if (!record || isSettled(record) || leftMs <= 0 || options.signal.aborted) return record;
      const timer = setTimeout(() => changed.resolve(), Math.min(leftMs, LOOK_AGAIN_MS));
      await changed.promise;
      clearTimeout(timer);
    }
  } finally {
    unsubscribe();
    options.signal.removeEventListener('abort', stop);
  }
}
