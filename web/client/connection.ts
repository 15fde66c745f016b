/**
 * Whether the server answers. Every request reports here; once one finds nobody, the server is asked again
 * and again until it is back, and then everything on the page is read anew.
 */
import { useSyncExternalStore } from 'react';
import type { ApiError } from './api-error.ts';

export type Connection = 'ok' | 'unreachable' | 'degraded';

const RETRY_MS = 1500;
let state: Connection = 'ok';
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();
const recoveries = new Set<() => void>();

export function reportOutage(error: ApiError): void {
  become(error.status === 0 ? 'unreachable' : 'degraded');
  timer ??= setTimeout(() => void askAgain(), RETRY_MS);
}

/** A stream was cut: perhaps only that, so it is asked before anybody is told. */
export function suspectOutage(): void {
  if (state !== 'ok' || timer !== undefined) return;
  void askAgain();
}

export function onRecovery(callback: () => void): () => void {
  recoveries.add(callback);
  return () => recoveries.delete(callback);
}

async function askAgain(): Promise<void> {
  timer = undefined;
  const answer = await fetch('/readyz', { cache: 'no-store' }).catch(() => null);
  // Without Temporal it is "degraded" with 200: reading works, and the page is told by what it asks for.
  if (answer?.ok) {
    const wasAway = state !== 'ok';
    become('ok');
    if (wasAway) for (const recover of recoveries) recover();
    return;
  }
  become(answer ? 'degraded' : 'unreachable');
  timer ??= setTimeout(() => void askAgain(), RETRY_MS);
}

function become(next: Connection): void {
  if (next === state) return;
  state = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => state);
}
