import { activityInfo } from '@temporalio/activity';
import { type Transition, type TransitionResult, recordTransition } from '../db/transitions.ts';
import type { ActivityDeps } from './deps.ts';

export type StatusChange = Omit<Transition, 'actor' | 'runId'>;

/** Records a transition with its event and mail, by compare-and-set; a stale one changes nothing. */
export async function recordStatus(deps: ActivityDeps, change: StatusChange): Promise<TransitionResult> {
  return recordTransition(deps.db, { ...change, runId: activityInfo().workflowExecution?.runId ?? null });
}
