/**
 * What the lifecycle reads and writes of an endpoint. All writes are compare-and-set under the row's
 * lock, so that a step that runs twice, or a stale one, changes nothing.
 */
import { sql } from 'kysely';
import type { BringUpStage, EndpointSpec, EndpointStatus, NodeState } from '../domain/endpoint.ts';
import { idleRemainingMs } from '../domain/idle.ts';
import type { LifecycleView } from '../domain/lifecycle.ts';
import { canTransition } from '../domain/lifecycle.ts';
import type { SizingPlan } from '../domain/sizing/plan.ts';
import type { Db, Tx } from './client.ts';
import { appendEvent } from './events.ts';
import type { MailEvent } from './schema.ts';
import { proxyLiveness, readTraffic } from './traffic.ts';

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

export interface Transition {
  endpointId: string;
  /** The statuses it may come from; from any other it is stale and changes nothing. */
  from: readonly EndpointStatus[];
  to: EndpointStatus;
  /** A stable code: of the error catalogue, or a plain cause such as `node_lost`. */
  reason: string | null;
  /** A sentence for the user. */
  message: string;
  /** Mail for the owner, queued in the same transaction. */
  mail: MailEvent | null;
  actor?: string;
  runId?: string | null;
  details?: Record<string, unknown> | null;
}

export interface TransitionResult {
  /** False when the endpoint already was there, or had moved on. */
  recorded: boolean;
  status: EndpointStatus;
  /** The mail to deliver, also when an earlier try of this step had queued it. */
  mailId: string | null;
}

/** Records a transition with its event and mail, in one transaction. */
export async function recordTransition(db: Db, transition: Transition): Promise<TransitionResult> {
  return db.transaction().execute(async (tx) => {
    const row = await lockEndpoint(tx, transition.endpointId);
    if (row.status === transition.to) {
      return { recorded: false, status: row.status, mailId: await unsentMail(tx, transition) };
    }
    if (!transition.from.includes(row.status) || !canTransition(row.status, transition.to)) {
      return { recorded: false, status: row.status, mailId: null };
    }
    const bringingUp = transition.to === 'building' || transition.to === 'waking';
    const wakeFailed = row.status === 'waking' && transition.to === 'hibernated';
    await tx
      .updateTable('endpoints')
      .set((eb) => ({
        status: transition.to,
        stage: null,
        stage_progress: null,
        status_reason: transition.reason,
        status_message: transition.message,
        since: sql<Date>`clock_timestamp()`,
        version: eb('version', '+', 1),
        observed_generation: eb.ref('generation'),
        // The wish that woke it is spent; the next request may wish again.
        sleep_generation: wakeFailed ? eb('sleep_generation', '+', 1) : eb.ref('sleep_generation'),
        failure_generation:
          transition.to === 'failed' ? eb('failure_generation', '+', 1) : eb.ref('failure_generation'),
        first_up_at:
          transition.to === 'up' ? sql<Date>`coalesce(first_up_at, clock_timestamp())` : eb.ref('first_up_at'),
        deleted_at: transition.to === 'deleted' ? sql<Date>`clock_timestamp()` : eb.ref('deleted_at'),
        expected_ready_at: bringingUp ? expectedReadyAt(transition.endpointId, transition.to) : null,
        ...(transition.to === 'up' ? {} : { degraded_reason: null, degraded_message: null }),
      }))
      .where('id', '=', transition.endpointId)
      .execute();
    if (transition.to === 'deleted') await forgetSecrets(tx, transition.endpointId);
    await appendEvent(tx, {
      endpointId: transition.endpointId,
      ownerId: row.owner_id,
      type: 'transition',
      actor: transition.actor ?? 'lifecycle',
      fromStatus: row.status,
      toStatus: transition.to,
      reason: transition.reason,
      message: transition.message,
      details: transition.details ?? null,
      runId: transition.runId ?? null,
    });
    const mailId = transition.mail && row.notify_email ? await queueMail(tx, row, transition) : null;
    return { recorded: true, status: transition.to, mailId };
  });
}

type LockedEndpoint = Awaited<ReturnType<typeof lockEndpoint>>;

async function lockEndpoint(tx: Tx, endpointId: string) {
  return tx.selectFrom('endpoints').selectAll().where('id', '=', endpointId).forUpdate().executeTakeFirstOrThrow();
}

/**
 * Now plus the median of this endpoint's last bring-ups of the same kind, or what its first build took;
 * null when it has never been up.
 */
function expectedReadyAt(endpointId: string, kind: EndpointStatus) {
  return sql<Date | null>`clock_timestamp() + coalesce((
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY took) FROM (
      SELECT next_at - at AS took FROM (
        SELECT at, to_status, lead(at) OVER w AS next_at, lead(to_status) OVER w AS next_status
        FROM endpoint_events WHERE endpoint_id = ${endpointId} AND type = 'transition'
        WINDOW w AS (ORDER BY seq)) steps
      WHERE to_status = ${kind} AND next_status = 'up' ORDER BY at DESC LIMIT 5) recent), first_up_at - created_at)`;
}

async function queueMail(tx: Tx, row: LockedEndpoint, transition: Transition): Promise<string | null> {
  const inserted = await tx
    .insertInto('mail_outbox')
    .values({
      endpoint_id: row.id,
      owner_id: row.owner_id,
      event: transition.mail ?? 'ready',
      dedupe_key: `${row.id}:${transition.mail}:${row.version + 1}`,
      recipient: row.notify_email ?? '',
      data: JSON.stringify({
        name: row.name,
        model: row.spec.model,
        reason: transition.reason,
        message: transition.message,
      }),
    })
    .onConflict((conflict) => conflict.column('dedupe_key').doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted?.id ?? null;
}

async function unsentMail(tx: Tx, transition: Transition): Promise<string | null> {
  if (!transition.mail) return null;
  const row = await tx
    .selectFrom('mail_outbox')
    .select('id')
    .where('endpoint_id', '=', transition.endpointId)
    .where('event', '=', transition.mail)
    .where('sent_at', 'is', null)
    .orderBy('created_at', 'desc')
    .executeTakeFirst();
  return row?.id ?? null;
}

/** What a deleted endpoint must not leave behind; usage and events stay. */
async function forgetSecrets(tx: Tx, endpointId: string): Promise<void> {
  await tx.deleteFrom('endpoint_secrets').where('endpoint_id', '=', endpointId).execute();
  await tx.deleteFrom('custom_domains').where('endpoint_id', '=', endpointId).execute();
  await tx.deleteFrom('telemetry_settings').where('endpoint_id', '=', endpointId).execute();
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
      source: first.provider === 'local' ? 'your own machine: nothing is billed' : 'catalogue',
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

export interface HibernationStart {
  begun: boolean;
  sleepGeneration: number;
  version: number;
}

/**
 * Begins to fall asleep, if that is still right: marks the nodes draining, so that proxies stop sending.
 * `idle` is checked again against the traffic here, in the transaction; a request that came in between
 * therefore wins.
 */
export async function beginHibernation(db: Db, endpointId: string): Promise<HibernationStart> {
  return db.transaction().execute(async (tx) => {
    const row = await lockEndpoint(tx, endpointId);
    const nodes = await tx
      .selectFrom('nodes')
      .select(['id', 'state'])
      .where('endpoint_id', '=', endpointId)
      .where('state', '<>', 'terminated')
      .execute();
    const no = { begun: false, sleepGeneration: row.sleep_generation, version: row.version };
    if (row.status !== 'up' || row.power !== 'on' || nodes.length === 0) return no;
    const asleepAlready = nodes.every((node) => ['draining', 'stopping', 'stopped'].includes(node.state));
    if (asleepAlready) return { ...no, begun: true };
    const requested = row.hibernate_requested > row.sleep_generation;
    const idleSeconds = requested ? null : await idleFor(tx, endpointId, row.since);
    if (!requested && idleSeconds === null) return no;
    const sleepGeneration = row.sleep_generation + 1;
    await tx
      .updateTable('endpoints')
      .set((eb) => ({ sleep_generation: sleepGeneration, version: eb('version', '+', 1) }))
      .where('id', '=', endpointId)
      .execute();
    await tx
      .updateTable('nodes')
      .set({ state: 'draining', updated_at: new Date() })
      .where('endpoint_id', '=', endpointId)
      .where('state', '=', 'ready')
      .execute();
    await appendEvent(tx, {
      endpointId,
      ownerId: row.owner_id,
      type: 'node',
      actor: 'lifecycle',
      reason: requested ? 'hibernate_requested' : 'idle',
      message: requested
        ? 'Going to sleep as asked: finishing what is in flight.'
        : `Idle for ${idleSeconds} s: going to sleep.`,
    });
    return { begun: true, sleepGeneration, version: row.version + 1 };
  });
}

/** Whole seconds of idleness when the idle timeout has passed, else null. Never sleeps on stale reports. */
async function idleFor(tx: Tx, endpointId: string, upSince: Date): Promise<number | null> {
  const scaling = await tx
    .selectFrom('autoscaling')
    .select(['min_nodes', 'idle_timeout_seconds', sql<Date>`clock_timestamp()`.as('now')])
    .where('endpoint_id', '=', endpointId)
    .executeTakeFirstOrThrow();
  if (scaling.min_nodes > 0) return null;
  const liveness = await proxyLiveness(tx);
  if (liveness.live === 0 || liveness.doubtful > 0) return null;
  const traffic = await readTraffic(tx, endpointId);
  const remainingMs = idleRemainingMs(
    {
      upSinceMs: upSince.getTime(),
      lastRequestEndedMs: traffic.lastRequestEndedAt?.getTime() ?? null,
      inFlight: traffic.inFlight,
      held: traffic.held,
    },
    scaling.idle_timeout_seconds,
    scaling.now.getTime(),
  );
  return remainingMs <= 0 ? Math.floor(scaling.idle_timeout_seconds - remainingMs / 1000) : null;
}

/** A request came while falling asleep: the nodes serve again. False when it was too late for that. */
export async function cancelHibernation(db: Db, endpointId: string): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const row = await lockEndpoint(tx, endpointId);
    if (row.status !== 'up' || row.power !== 'on') return false;
    const revived = await tx
      .updateTable('nodes')
      .set({ state: 'ready', updated_at: new Date() })
      .where('endpoint_id', '=', endpointId)
      .where('state', '=', 'draining')
      .executeTakeFirst();
    if (revived.numUpdatedRows === 0n) return false;
    await tx
      .updateTable('endpoints')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('id', '=', endpointId)
      .execute();
    await appendEvent(tx, {
      endpointId,
      ownerId: row.owner_id,
      type: 'node',
      actor: 'lifecycle',
      reason: 'wake_requested',
      message: 'A request came: staying up.',
    });
    return true;
  });
}

/** Marks all nodes draining before a pause or a delete. Returns the version that proxies must have seen. */
export async function beginDrain(db: Db, endpointId: string): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const row = await lockEndpoint(tx, endpointId);
    const drained = await tx
      .updateTable('nodes')
      .set({ state: 'draining', updated_at: new Date() })
      .where('endpoint_id', '=', endpointId)
      .where('state', '=', 'ready')
      .executeTakeFirst();
    if (drained.numUpdatedRows === 0n) return row.version;
    await tx
      .updateTable('endpoints')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('id', '=', endpointId)
      .execute();
    return row.version + 1;
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
