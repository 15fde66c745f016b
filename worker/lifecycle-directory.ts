import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { LifecycleDirectory } from '../activities/lifecycle-directory.ts';
import { startLifecycle, startMailDelivery } from '../temporal/start-lifecycle.ts';

/** The reaper's view of workflows, on the Temporal client. */
export function temporalDirectory(client: Client, installationId: string): LifecycleDirectory {
  return {
    async state(endpointId) {
      try {
        const { status } = await client.workflow.getHandle(endpointId).describe();
        if (status.name === 'RUNNING' || status.name === 'PAUSED') return 'running';
        return status.name === 'COMPLETED' ? 'completed' : 'closed';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'missing';
        throw error;
      }
    },
    start: (endpointId) => startLifecycle(client, installationId, endpointId),
    startMail: (mailId) => startMailDelivery(client, installationId, mailId),
  };
}
