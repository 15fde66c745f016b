/**
 * What becomes of a well-formed request, decided purely from the route: forward it, hold it (and perhaps
 * wake the endpoint), or refuse it. The same rule judges a new request and one that is held already.
 */
import { ENDPOINT_NOT_FOUND, type Failure, failure } from './failure.ts';
import { type Route, isDraining, isServing } from './route-table.ts';

export type Admission =
  | { kind: 'forward' }
  /** `wake`: somebody must ask for the end of the sleep that the route tells of. */
  | { kind: 'hold'; wake: boolean }
  | { kind: 'refuse'; failure: Failure };

const FORWARD: Admission = { kind: 'forward' };
const HOLD: Admission = { kind: 'hold', wake: false };
const HOLD_AND_WAKE: Admission = { kind: 'hold', wake: true };
const NOT_FOUND: Admission = { kind: 'refuse', failure: ENDPOINT_NOT_FOUND };

/** @param hasNode whether some node can take a request now */
export function admission(route: Route | undefined, hasNode: boolean): Admission {
  if (!route || route.power === 'deleted' || route.status === 'deleting' || route.status === 'deleted')
    return NOT_FOUND;
  if (route.power === 'paused') return { kind: 'refuse', failure: PAUSED };
  if (route.status === 'failed' && !route.retryRequested) return { kind: 'refuse', failure: failedFailure(route) };
  // `paused` with power on again, `failed` and asked to try again: it is about to come up.
  if (route.status === 'hibernated') return needsWake(route) ? HOLD_AND_WAKE : HOLD;
  if (!isServing(route)) return HOLD;
  if (hasNode) return FORWARD;
  return isDraining(route) && needsWake(route) ? HOLD_AND_WAKE : HOLD;
}

/**
 * Whether requests are refused for good as things are. The owner may have changed that a moment ago, so
 * such a route is read once more before a client is told not to come back.
 */
export function isDormant(route: Route): boolean {
  return route.status === 'failed' || route.status === 'paused' || route.power === 'paused';
}

function needsWake(route: Route): boolean {
  return route.sleepGeneration > 0 && route.wakeRequested < route.sleepGeneration;
}

const PAUSED = failure(
  'endpoint_paused',
  'The endpoint is paused by its owner, and a request does not wake it. Resume it to use it again.',
);

function failedFailure(route: Route): Failure {
  const why = route.statusMessage || 'It could not be brought up.';
  return failure('endpoint_failed', `The endpoint has failed: ${why} Fix the cause, then retry it.`);
}
