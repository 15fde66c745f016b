import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import { mail } from './activity-options.ts';
import { type DeliverMailInput, mailWorkflowId } from './contract.ts';

/** Delivers one mail, trying for a day. A workflow of its own, so that no mail ever holds up an endpoint. */
export async function deliverMail(input: DeliverMailInput): Promise<void> {
  await mail.deliverMail(input);
}

/** Hands a queued mail over to its own workflow; null means that there is none to send. */
export async function startMail(mailId: string | null): Promise<void> {
  if (!mailId) return;
  try {
    await startChild(deliverMail, {
      args: [{ mailId }],
      workflowId: mailWorkflowId(mailId),
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: 'mail to the owner',
    });
  } catch (error) {
    // Already under way: the reaper, or an earlier try of this step, has started it.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
