import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
} from '@temporalio/client';
import type { LifecycleDirectory } from '../activities/lifecycle-directory.ts';
import type { Db } from '../db/client.ts';
import { readLifecycleBrief } from '../db/endpoints.ts';
import { lifecycleStartOptions, mailStartOptions } from '../temporal/start-options.ts';
import { DELIVER_MAIL, ENDPOINT_LIFECYCLE } from '../workflows/contract.ts';

/** The reaper's view of workflows, on the Temporal client. */
export function temporalDirectory(client: Client, db: Db, installationId: string): LifecycleDirectory {
  async function startUnlessRunning(type: string, options: WorkflowStartOptions): Promise<void> {
    try {
      await client.workflow.start(type, options);
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
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
    async start(endpointId) {
      const brief = await readLifecycleBrief(db, endpointId);
      if (!brief) return;
      await startUnlessRunning(ENDPOINT_LIFECYCLE, lifecycleStartOptions(installationId, endpointId, brief));
    },
    startMail: (mailId) => startUnlessRunning(DELIVER_MAIL, mailStartOptions(installationId, mailId)),
  };
}
