import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { DELIVER_MAIL, ENDPOINT_LIFECYCLE, mailWorkflowId, taskQueueOf } from '../workflows/contract.ts';

/** Short, so that a killed worker's workflow task is soon given to another. */
const WORKFLOW_TASK_TIMEOUT = '5s';

/**
 * Starts the lifecycle of an endpoint unless it runs. One that completed (deleted) is never started
 * again; one that was ended by force may be.
 */
export async function startLifecycle(client: Client, installationId: string, endpointId: string): Promise<void> {
  await startUnlessRunning(() =>
    client.workflow.start(ENDPOINT_LIFECYCLE, {
      workflowId: endpointId,
      taskQueue: taskQueueOf(installationId),
      args: [{ endpointId }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      workflowIdConflictPolicy: 'FAIL',
      workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
      staticSummary: `life of ${endpointId}`,
      staticDetails: 'One workflow per endpoint, from provision to delete. Signals mean "look again".',
    }),
  );
}

/** Starts the delivery of a queued mail unless it runs or is done. */
export async function startMailDelivery(client: Client, installationId: string, mailId: string): Promise<void> {
  await startUnlessRunning(() =>
    client.workflow.start(DELIVER_MAIL, {
      workflowId: mailWorkflowId(mailId),
      taskQueue: taskQueueOf(installationId),
      args: [{ mailId }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: 'mail to the owner',
    }),
  );
}

async function startUnlessRunning(start: () => Promise<unknown>): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
