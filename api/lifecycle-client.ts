/**
 * The only caller of Temporal in the api process: makes sure that an endpoint's lifecycle runs, and signals
 * it. Nothing is ever asked of a workflow; whatever a user sees is read from Postgres.
 * Fails by throwing; the outbox dispatcher tries again.
 */
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
} from '@temporalio/client';
import type { LifecycleBrief } from '../db/endpoints.ts';
import { lifecycleStartOptions } from '../temporal/start-options.ts';
import { ENDPOINT_LIFECYCLE } from '../workflows/contract.ts';

/** The part of a Temporal client that is used here. */
export interface TemporalWorkflows {
  start(type: string, options: WorkflowStartOptions): Promise<unknown>;
  getHandle(workflowId: string): { signal(name: string, payload: unknown): Promise<void> };
}

export interface LifecycleClientDeps {
  workflows: TemporalWorkflows;
  /** Runs calls with a deadline, so that a hanging Temporal holds nobody up. */
  withDeadline: <T>(deadlineMs: number, call: () => Promise<T>) => Promise<T>;
  readBrief: (endpointId: string) => Promise<LifecycleBrief | null>;
  readInstallationId: () => Promise<string>;
  ping: () => Promise<unknown>;
}

export interface LifecycleClient {
  /** Starts the lifecycle unless it runs or the endpoint is deleted. Safe to repeat. */
  ensureStarted(endpointId: string): Promise<void>;
  /** Delivers a signal, starting the lifecycle first where it is missing. */
  signal(endpointId: string, name: string, payload: Record<string, unknown>): Promise<void>;
  /** Whether Temporal answers now. Never throws. */
  isReachable(): Promise<boolean>;
}

const CALL_MS_MAX = 4_000;
const PING_MS_MAX = 1_500;

export function createLifecycleClient(deps: LifecycleClientDeps): LifecycleClient {
  let installationId: string | undefined;
  const call = <T>(work: () => Promise<T>) => deps.withDeadline(Date.now() + CALL_MS_MAX, work);

  /** False when the endpoint is gone, so that there is nothing to run. */
  async function start(endpointId: string): Promise<boolean> {
    const brief = await deps.readBrief(endpointId);
    if (!brief) return false;
    installationId ??= await deps.readInstallationId();
    const options = lifecycleStartOptions(installationId, endpointId, brief);
    try {
      await call(() => deps.workflows.start(ENDPOINT_LIFECYCLE, options));
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    return true;
  }

  const send = (endpointId: string, name: string, payload: unknown) =>
    call(() => deps.workflows.getHandle(endpointId).signal(name, payload));

  return {
    async ensureStarted(endpointId) {
      await start(endpointId);
    },
    async signal(endpointId, name, payload) {
      try {
        await send(endpointId, name, payload);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        if (await start(endpointId)) await send(endpointId, name, payload);
      }
    },
    async isReachable() {
      try {
        await deps.withDeadline(Date.now() + PING_MS_MAX, deps.ping);
        return true;
      } catch {
        return false;
      }
    },
  };
}
