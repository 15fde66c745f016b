/**
 * What the lifecycle reads of an endpoint, and what it tells of a bring-up on the way. Transitions are in
 * transitions.ts, falling asleep in hibernation.ts. All writes are made under the row's lock, so that a
 * step that runs twice, or a stale one, changes nothing.
 */
import type { BringUpStage, EndpointSpec, NodeState } from '../domain/endpoint.ts';
import type { LifecycleView } from '../domain/lifecycle.ts';
import type { SizingPlan } from '../domain/sizing/plan.ts';
import type { Db, Tx } from './client.ts';
import { appendEvent } from './events.ts';

export interface LifecycleNode {
  nodeId: string;
  slot: number;
  state: NodeState;
}

export interface LifecycleRecord extends LifecycleView {
  endpointId: string;
  ownerId: string;
  name: string;
  spec: EndpointSpec;
  generation: number;
  version: number;
  stage: string | null;
  statusReason: string | null;
  statusMessage: string;
  forceDelete: boolean;
  sizing: SizingPlan | null;
  degradedReason: string | null;
  maxNodes: number;
  targetConcurrency: number;
  nodes: LifecycleNode[];
}

/** Everything the lifecycle decides from, or null when there is no such endpoint. */
export async function readLifecycle(db: Db, endpointId: string): Promise<LifecycleRecord | null> {
  const row = await db
    .selectFrom('endpoints as e')
    .innerJoin('autoscaling as a', 'a.endpoint_id', 'e.id')
    .selectAll('e')
    .select(['a.min_nodes', 'a.max_nodes', 'a.target_concurrency'])
    .where('e.id', '=', endpointId)
    .executeTakeFirst();
  if (!row) return null;
  const nodes = await db
    .selectFrom('nodes')
    .select(['id', 'slot', 'state'])
    .where('endpoint_id', '=', endpointId)
    .where('state', '<>', 'terminated')
    .orderBy('slot')
    .execute();
  return {
    endpointId: row.id,
    ownerId: row.owner_id,
    name: row.name,
    spec: row.spec,
    generation: row.generation,
    version: row.version,
    status: row.status,
    stage: row.stage,
    statusReason: row.status_reason,
    statusMessage: row.status_message,
    power: row.power,
    forceDelete: row.force_delete,
    minNodes: row.min_nodes,
    maxNodes: row.max_nodes,
    targetConcurrency: row.target_concurrency,
    everUp: row.first_up_at !== null,
    sleepGeneration: row.sleep_generation,
    wakeRequested: row.wake_requested,
    hibernateRequested: row.hibernate_requested,
    failureGeneration: row.failure_generation,
    retryRequested: row.retry_requested,
    degradedReason: row.degraded_reason,
    sizing: row.sizing,
    nodes: nodes.map((node) => ({ nodeId: node.id, slot: node.slot, state: node.state })),
  };
}

export type LockedEndpoint = Awaited<ReturnType<typeof lockEndpoint>>;

/** The endpoint's row, locked until the transaction ends. Every write of status begins with this. */
export async function lockEndpoint(tx: Tx, endpointId: string) {
  return tx.selectFrom('endpoints').selectAll().where('id', '=', endpointId).forUpdate().executeTakeFirstOrThrow();
}

/** Records how far a bring-up has come; a new stage is an event, progress within one is not. */
export async function recordStage(
  db: Db,
  endpointId: string,
  stage: BringUpStage,
  options: { progress?: number | null; message?: string; runId?: string | null } = {},
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await lockEndpoint(tx, endpointId);
    const bringingUp = ['building', 'waking', 'updating'].includes(row.status);
    const progress = options.progress ?? null;
    if (!bringingUp || (row.stage === stage && row.stage_progress === progress)) return;
    await tx.updateTable('endpoints').set({ stage, stage_progress: progress }).where('id', '=', endpointId).execute();
    if (row.stage === stage) return;
    await appendEvent(tx, {
      endpointId,
      ownerId: row.owner_id,
      type: 'stage',
      actor: 'lifecycle',
      stage,
      message: options.message ?? STAGE_SENTENCES[stage],
      runId: options.runId ?? null,
    });
  });
}

const STAGE_SENTENCES: Record<BringUpStage, string> = {
  sizing: 'Reading what the model needs.',
  allocating: 'Getting a machine.',
  waiting_capacity: 'Waiting for a machine to become available.',
  booting: 'Starting the server.',
  pulling_image: 'Pulling the runtime image.',
  downloading_weights: 'Downloading the weights.',
  loading: 'Loading the weights.',
  health_check: 'Asking it for a first completion.',
  registering: 'Registering the node.',
};

/** Records the chosen hardware and the price at which it was chosen. */
export async function recordSizing(db: Db, endpointId: string, plan: SizingPlan): Promise<void> {
  const first = plan.candidates[0];
  await db.transaction().execute(async (tx) => {
    const row = await lockEndpoint(tx, endpointId);
    await tx
      .updateTable('endpoints')
      .set({ sizing: JSON.stringify(plan) })
      .where('id', '=', endpointId)
      .execute();
    if (!first) return;
    const price = {
      tier: plan.tier,
      provider: first.provider,
      usd_micros_per_hour: first.usdMicrosPerHour,
      source: plan.priceSource ?? 'unknown',
    };
    await tx
      .insertInto('pricing')
      .values({ endpoint_id: endpointId, owner_id: row.owner_id, ...price })
      .onConflict((conflict) => conflict.column('endpoint_id').doUpdateSet(price))
      .execute();
  });
}

/** Why an endpoint that is up has fewer nodes than it should; null when it has them all again. */
export async function recordDegraded(
  db: Db,
  endpointId: string,
  degraded: { reason: string; message: string } | null,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await lockEndpoint(tx, endpointId);
    if (
      row.status !== 'up' ||
      (row.degraded_reason === (degraded?.reason ?? null) && row.degraded_message === (degraded?.message ?? null))
    )
      return;
    await tx
      .updateTable('endpoints')
      .set({ degraded_reason: degraded?.reason ?? null, degraded_message: degraded?.message ?? null })
      .where('id', '=', endpointId)
      .execute();
    await appendEvent(tx, {
      endpointId,
      ownerId: row.owner_id,
      type: 'node',
      actor: 'lifecycle',
      reason: degraded?.reason ?? null,
      message: degraded?.message ?? 'All wanted nodes are ready again.',
    });
  });
}

/** Puts one attempt and its outcome on the timeline. */
export async function recordAttempt(
  db: Db,
  attempt: { endpointId: string; reason: string; message: string; details: Record<string, unknown> },
): Promise<void> {
  const endpoint = await db
    .selectFrom('endpoints')
    .select('owner_id')
    .where('id', '=', attempt.endpointId)
    .executeTakeFirstOrThrow();
  await appendEvent(db, {
    endpointId: attempt.endpointId,
    ownerId: endpoint.owner_id,
    type: 'attempt',
    actor: 'lifecycle',
    reason: attempt.reason,
    message: attempt.message,
    details: attempt.details,
  });
}
