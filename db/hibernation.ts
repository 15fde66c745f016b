/**
 * Falling asleep in two phases, and calling it off. The nodes are marked `draining` under the endpoint's
 * lock; proxies see it by the endpoint's new version, stop sending, and acknowledge (traffic.ts).
 */
import { sql } from 'kysely';
import type { NodeState } from '../domain/endpoint.ts';
import { idleRemainingMs } from '../domain/idle.ts';
import type { Db, Tx } from './client.ts';
import { appendEvent } from './events.ts';
import { lockEndpoint } from './lifecycle.ts';
import { proxyLiveness, readTraffic } from './traffic.ts';

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
    await moveNodes(tx, endpointId, 'ready', 'draining');
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

/**
 * A request came while falling asleep: the nodes serve again. False when it was too late for that; true
 * also when an earlier try of this step had done it.
 */
export async function cancelHibernation(db: Db, endpointId: string): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const row = await lockEndpoint(tx, endpointId);
    if (row.status !== 'up' || row.power !== 'on') return false;
    if (!(await moveNodes(tx, endpointId, 'draining', 'ready'))) return hasReadyNode(tx, endpointId);
    await bumpVersion(tx, endpointId);
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
    if (!(await moveNodes(tx, endpointId, 'ready', 'draining'))) return row.version;
    await bumpVersion(tx, endpointId);
    return row.version + 1;
  });
}

/** Returns whether any node was in the state `from`. */
async function moveNodes(tx: Tx, endpointId: string, from: NodeState, to: NodeState): Promise<boolean> {
  const moved = await tx
    .updateTable('nodes')
    .set({ state: to, updated_at: new Date() })
    .where('endpoint_id', '=', endpointId)
    .where('state', '=', from)
    .executeTakeFirst();
  return moved.numUpdatedRows > 0n;
}

async function hasReadyNode(tx: Tx, endpointId: string): Promise<boolean> {
  const ready = tx.selectFrom('nodes').select('id').where('endpoint_id', '=', endpointId).where('state', '=', 'ready');
  return (await ready.executeTakeFirst()) !== undefined;
}

/** Tells proxies that the route has changed; they acknowledge by this number. */
async function bumpVersion(tx: Tx, endpointId: string): Promise<void> {
  await tx
    .updateTable('endpoints')
    .set((eb) => ({ version: eb('version', '+', 1) }))
    .where('id', '=', endpointId)
    .execute();
}
