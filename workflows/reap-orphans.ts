import type { ReapReport } from '../activities/reap-orphans.ts';
import { sweep } from './activity-options.ts';

/** One sweep of the orphan reaper; a Temporal Schedule runs it (see worker/reaper-schedule.ts). */
export async function reapOrphans(): Promise<ReapReport> {
  return sweep.reapOrphans();
}
