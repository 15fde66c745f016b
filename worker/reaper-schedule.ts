import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import { REAP_ORPHANS, reaperScheduleId, taskQueueOf } from '../workflows/contract.ts';

/** Makes sure that the orphan reaper's schedule exists with the present interval, and runs it once now. */
export async function ensureReaperSchedule(
  client: Client,
  installationId: string,
  intervalSeconds: number,
): Promise<void> {
  const scheduleId = reaperScheduleId(installationId);
  const spec = { intervals: [{ every: intervalSeconds * 1000 }] };
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' } as const;
  try {
    await client.schedule.create({
      scheduleId,
      spec,
      policies,
      action: {
        type: 'startWorkflow',
        workflowType: REAP_ORPHANS,
        workflowId: scheduleId,
        taskQueue: taskQueueOf(installationId),
        workflowExecutionTimeout: '30m',
        staticSummary: 'sweep of machines and lifecycles',
      },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update((previous) => ({ ...previous, spec, policies }));
  }
  await client.schedule.getHandle(scheduleId).trigger(ScheduleOverlapPolicy.SKIP);
}
