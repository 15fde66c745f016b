import { Context } from '@temporalio/activity';
import {
  type HibernationStart,
  beginDrain as writeDrain,
  beginHibernation as writeBegin,
  cancelHibernation as writeCancel,
} from '../db/hibernation.ts';
import { readLifecycle } from '../db/lifecycle.ts';
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

/** `busy`: it fell asleep for idleness, and is not idle: a request slipped in before the drain was seen. */
export type DrainOutcome = 'drained' | 'wake-requested' | 'busy' | 'deadline';

export interface DrainWish {
  endpointId: string;
  /** The version of the endpoint that proxies must have seen. */
  version: number;
  deadlineSeconds: number;
  /** True while falling asleep, which a request may call off; false before a pause or a delete. */
  mayStayUp: boolean;
}

const POLL_MS_MIN = 50;
const POLL_MS_MAX = 500;

/** Waits until every proxy has seen the drain and has nothing in flight. */
export async function awaitDrained(deps: ActivityDeps, input: DrainWish): Promise<DrainOutcome> {
  const deadlineMs = Date.now() + input.deadlineSeconds * 1000;
  for (let waitMs = POLL_MS_MIN; ; waitMs = Math.min(waitMs * 1.2, POLL_MS_MAX)) {
    const outcome = await lookAtDrain(deps, input);
    if (outcome) return outcome;
    if (Date.now() >= deadlineMs) return 'deadline';
    await Context.current().sleep(waitMs);
  }
}

async function lookAtDrain(deps: ActivityDeps, input: DrainWish): Promise<DrainOutcome | null> {
  const record = input.mayStayUp ? await readLifecycle(deps.db, input.endpointId) : null;
  if (record && isWakeLatched(record)) return 'wake-requested';
  const { live, doubtful } = await proxyLiveness(deps.db);
  if (live + doubtful === 0) return 'drained';
  // A proxy that is silent may be cut off with streams in hand; it counts until it is known to be gone.
  const traffic = await readTraffic(deps.db, input.endpointId);
  if (doubtful > 0 || !traffic.allAcked(input.version)) return null;
  if (traffic.inFlight === 0) return 'drained';
  const wasAsked = record !== null && record.hibernateRequested >= record.sleepGeneration;
  return record && !wasAsked ? 'busy' : null;
}
