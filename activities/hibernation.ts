import { Context } from '@temporalio/activity';
import {
  type HibernationStart,
  beginDrain as writeDrain,
  beginHibernation as writeBegin,
  cancelHibernation as writeCancel,
  readLifecycle,
} from '../db/lifecycle.ts';
import { proxyLiveness, readTraffic } from '../db/traffic.ts';
import { isWakeLatched } from '../domain/lifecycle.ts';
import type { ActivityDeps } from './deps.ts';

/** Marks the nodes draining if the endpoint was asked to sleep, or is idle by a fresh look at its traffic. */
export async function beginHibernation(deps: ActivityDeps, input: { endpointId: string }): Promise<HibernationStart> {
  return writeBegin(deps.db, input.endpointId);
}

/** Marks the nodes draining before a pause or a delete. Returns the version that proxies must have seen. */
export async function beginDrain(deps: ActivityDeps, input: { endpointId: string }): Promise<{ version: number }> {
  return { version: await writeDrain(deps.db, input.endpointId) };
}

/** Puts draining nodes back in service; false when it was too late. */
export async function cancelHibernation(deps: ActivityDeps, input: { endpointId: string }): Promise<boolean> {
  return writeCancel(deps.db, input.endpointId);
}

export type DrainOutcome = 'drained' | 'wake-requested' | 'deadline';

const POLL_MS = 50;

/**
 * Waits until every live proxy has seen the drain and has nothing in flight.
 * @param watchWake true while falling asleep: a request that came in meanwhile ends the wait
 */
export async function awaitDrained(
  deps: ActivityDeps,
  input: { endpointId: string; version: number; deadlineSeconds: number; watchWake: boolean },
): Promise<DrainOutcome> {
  const deadlineMs = Date.now() + input.deadlineSeconds * 1000;
  for (let waitMs = POLL_MS; ; waitMs = Math.min(waitMs * 1.2, 500)) {
    if (input.watchWake) {
      const record = await readLifecycle(deps.db, input.endpointId);
      if (record && isWakeLatched(record)) return 'wake-requested';
    }
    const liveness = await proxyLiveness(deps.db);
    if (liveness.live === 0) return 'drained';
    const traffic = await readTraffic(deps.db, input.endpointId);
    if (traffic.inFlight === 0 && traffic.allAcked(input.version)) return 'drained';
    if (Date.now() >= deadlineMs) return 'deadline';
    await Context.current().sleep(waitMs);
  }
}
