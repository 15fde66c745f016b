/**
 * Activities: everything the workflows do to the world. One verb-noun file each; this file binds them to
 * their dependencies. Each is safe to run twice, because Temporal may run it twice.
 *
 * They fail with ApplicationFailures whose type is a code of domain/errors.ts (see failures.ts); a
 * database or provider that is down is retried by the policies in workflows/activity-options.ts.
 */
import { allocateNode } from './allocate-node.ts';
import { awaitNodeReady } from './await-node-ready.ts';
import { deliverMail } from './deliver-mail.ts';
import type { ActivityDeps } from './deps.ts';
import { awaitDrained, beginDrain, beginHibernation, cancelHibernation } from './hibernation.ts';
import { inspectNodes } from './inspect-nodes.ts';
import { provisionNode } from './provision-node.ts';
import { readEndpoint } from './read-endpoint.ts';
import { reapOrphans } from './reap-orphans.ts';
import { recordAttempt, recordDegraded, recordStage } from './record-progress.ts';
import { recordStatus } from './record-status.ts';
import { registerEndpoint } from './register-endpoint.ts';
import { releaseNode, releaseSlot } from './release-node.ts';
import { sizeModel } from './size-model.ts';
import { stopNode } from './stop-node.ts';

const ACTIVITIES = {
  allocateNode,
  awaitDrained,
  awaitNodeReady,
  beginDrain,
  beginHibernation,
  cancelHibernation,
  deliverMail,
  inspectNodes,
  provisionNode,
  readEndpoint,
  reapOrphans,
  recordAttempt,
  recordDegraded,
  recordStage,
  recordStatus,
  registerEndpoint,
  releaseNode,
  releaseSlot,
  sizeModel,
  stopNode,
};

type Bound<F> = F extends (deps: ActivityDeps, ...args: infer A) => infer R ? (...args: A) => R : never;

/** What workflows see: the same functions without their dependencies. */
export type Activities = { [K in keyof typeof ACTIVITIES]: Bound<(typeof ACTIVITIES)[K]> };

export function createActivities(deps: ActivityDeps): Activities {
  const bind = (activity: (deps: ActivityDeps, ...args: never[]) => unknown) => activity.bind(null, deps);
  return Object.fromEntries(Object.entries(ACTIVITIES).map(([name, activity]) => [name, bind(activity)])) as Activities;
}

export const ACTIVITY_NAMES = Object.keys(ACTIVITIES) as (keyof Activities)[];
