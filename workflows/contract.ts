/**
 * What the outside may know of the workflows: names, ids, inputs, signals. Importing this starts nothing,
 * so the API may.
 */

/** One task queue per installation, so that two installations on one Temporal server never share work. */
export function taskQueueOf(installationId: string): string {
  return `hypervize-${installationId}`;
}

export const ENDPOINT_LIFECYCLE = 'endpointLifecycle';
export const DELIVER_MAIL = 'deliverMail';
export const REAP_ORPHANS = 'reapOrphans';

/** The workflow id is the endpoint id. */
export interface LifecycleInput {
  endpointId: string;
}

/**
 * Signals say "look again"; what to do is read from the records. Payloads only serve the reader of the
 * history in the Web UI.
 */
export const LIFECYCLE_SIGNALS = ['wake', 'idleTimeout', 'scale', 'nodeLost', 'specChanged'] as const;
export type LifecycleSignal = (typeof LIFECYCLE_SIGNALS)[number];

export interface SignalPayloads {
  wake: { sleepGeneration: number };
  idleTimeout: Record<string, never>;
  scale: { desiredNodes: number };
  nodeLost: { nodeId: string };
  specChanged: { generation: number };
}

export interface DeliverMailInput {
  mailId: string;
}

export function mailWorkflowId(mailId: string): string {
  return `mail-${mailId}`;
}

export function reaperScheduleId(installationId: string): string {
  return `reap-orphans-${installationId}`;
}
