/**
 * How long activities may take and how they are retried. Every activity heartbeats once a second (see
 * worker/activity-interceptor.ts), so a killed worker is noticed in seconds, whatever the activity.
 */
import { type ActivityOptions, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';

const HEARTBEAT = '8s';

/** Short steps against our own records and one provider call; retried without limit, because the records are ours. */
const STEP: ActivityOptions = {
  startToCloseTimeout: '2m',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' },
};

/** Steps whose failure the lifecycle decides about: activities/failures.ts says when one is final. */
const ATTEMPT: ActivityOptions = {
  startToCloseTimeout: '10m',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
};

/** Waits that end by themselves or by cancellation. */
const WAIT: ActivityOptions = {
  startToCloseTimeout: '24h',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' },
};

/** Undo and release: tried for ever, because what is not released is paid for. */
const UNDO: ActivityOptions = {
  startToCloseTimeout: '10m',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '1m' },
};

/** A look at everything there is. */
const SWEEP: ActivityOptions = {
  startToCloseTimeout: '25m',
  heartbeatTimeout: '1m',
  retry: { initialInterval: '5s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 3 },
};

const MAIL: ActivityOptions = {
  startToCloseTimeout: '1m',
  heartbeatTimeout: HEARTBEAT,
  scheduleToCloseTimeout: '24h',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10m' },
};

export const read = proxyLocalActivities<Pick<Activities, 'readEndpoint'>>({
  startToCloseTimeout: '5s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' },
});
export const step = proxyActivities<Activities>(STEP);
export const attempt = proxyActivities<Activities>(ATTEMPT);
export const wait = proxyActivities<Activities>(WAIT);
export const undo = proxyActivities<Activities>(UNDO);
export const sweep = proxyActivities<Activities>(SWEEP);
export const mail = proxyActivities<Activities>(MAIL);
