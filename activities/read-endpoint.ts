import { type LifecycleNode, readLifecycle } from '../db/lifecycle.ts';
import type { EndpointStatus } from '../domain/endpoint.ts';
import type { LifecycleView } from '../domain/lifecycle.ts';
import type { ActivityDeps, Limits } from './deps.ts';

/** All that the workflow decides from. Goes through Temporal's history, so it holds nothing secret. */
export interface EndpointView extends LifecycleView {
  endpointId: string;
  name: string;
  status: EndpointStatus;
  statusReason: string | null;
  statusMessage: string;
  model: string;
  generation: number;
  forceDelete: boolean;
  /** Null until sized. */
  placement: { tier: string; provider: string; candidates: number } | null;
  desiredNodes: number;
  degraded: boolean;
  nodes: LifecycleNode[];
  limits: Limits;
}

/** Reads the records of an endpoint; null when there are none, so that the workflow ends. */
export async function readEndpoint(deps: ActivityDeps, input: { endpointId: string }): Promise<EndpointView | null> {
  const record = await readLifecycle(deps.db, input.endpointId);
  if (!record) return null;
  const first = record.sizing?.candidates[0];
  return {
    endpointId: record.endpointId,
    name: record.name,
    status: record.status,
    statusReason: record.statusReason,
    statusMessage: record.statusMessage,
    power: record.power,
    minNodes: record.minNodes,
    everUp: record.everUp,
    sleepGeneration: record.sleepGeneration,
    wakeRequested: record.wakeRequested,
    hibernateRequested: record.hibernateRequested,
    failureGeneration: record.failureGeneration,
    retryRequested: record.retryRequested,
    model: record.spec.model,
    generation: record.generation,
    forceDelete: record.forceDelete,
    placement:
      record.sizing && first
        ? { tier: record.sizing.tier, provider: first.provider, candidates: record.sizing.candidates.length }
        : null,
    desiredNodes: Math.max(1, record.minNodes),
    degraded: record.degradedReason !== null,
    nodes: record.nodes,
    limits: deps.limits,
  };
}
