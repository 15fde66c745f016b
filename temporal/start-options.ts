/**
 * How workflows are started, by whoever starts them: the api's outbox, or the worker's reaper. Starting is
 * idempotent by workflow id. One that completed (an endpoint deleted, a mail sent) is never started again;
 * one that was ended by force or failed may be.
 */
import { createHash } from 'node:crypto';
import type { WorkflowStartOptions } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { EndpointStatus } from '../domain/endpoint.ts';
import { type DeliverMailInput, type LifecycleInput, mailWorkflowId, taskQueueOf } from '../workflows/contract.ts';
import { endpointStatusAttribute, modelIdAttribute, ownerHashAttribute } from '../workflows/search-attributes.ts';

/** Short, so that a killed worker's workflow task is soon given to another. */
const WORKFLOW_TASK_TIMEOUT = '5s';

const ONCE = { workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY', workflowIdConflictPolicy: 'FAIL' } as const;

/** What readers of the Web UI are told of an endpoint. */
export interface LifecycleBrief {
  ownerId: string;
  model: string;
  status: EndpointStatus;
}

export function lifecycleStartOptions(
  installationId: string,
  endpointId: string,
  brief: LifecycleBrief,
): WorkflowStartOptions {
  const input: LifecycleInput = { endpointId };
  return {
    ...ONCE,
    workflowId: endpointId,
    taskQueue: taskQueueOf(installationId),
    args: [input],
    workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
    memo: { model: brief.model },
    staticSummary: brief.model,
    staticDetails: `Endpoint \`${endpointId}\` serving \`${brief.model}\`. Signals mean "look again".`,
    typedSearchAttributes: new TypedSearchAttributes([
      { key: endpointStatusAttribute, value: brief.status },
      { key: ownerHashAttribute, value: ownerHash(brief.ownerId) },
      { key: modelIdAttribute, value: brief.model },
    ]),
  };
}

export function mailStartOptions(installationId: string, mailId: string): WorkflowStartOptions {
  const input: DeliverMailInput = { mailId };
  return {
    ...ONCE,
    workflowId: mailWorkflowId(mailId),
    taskQueue: taskQueueOf(installationId),
    args: [input],
    staticSummary: 'mail to the owner',
  };
}

/** Whoever sees the Web UI may tell owners apart, not know them. */
export function ownerHash(ownerId: string): string {
  return createHash('sha256').update(ownerId).digest('hex').slice(0, 16);
}
