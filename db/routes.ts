/**
 * What the data plane keeps in memory: routes (endpoints with their live nodes) and API keys; and the one
 * wish that it writes, the wake. Each read is one statement, so a route's version and its nodes always
 * belong together: a proxy that has seen a version has seen its nodes.
 */
import { sql } from 'kysely';
import type { EndpointSpec, EndpointStatus, NodeState, Power } from '../domain/endpoint.ts';
import type { Db } from './client.ts';
import { enqueueSignal } from './outbox.ts';

export interface RouteNodeRecord {
  nodeId: string;
  address: string | null;
  secretCiphertext: Buffer;
  state: NodeState;
  updatedAtMs: number;
}

export interface RouteRecord {
  endpointId: string;
  ownerId: string;
  status: EndpointStatus;
  power: Power;
  stage: string | null;
  statusReason: string | null;
  statusMessage: string;
  expectedReadyAtMs: number | null;
  createdAtMs: number;
  version: number;
  sleepGeneration: number;
  wakeRequested: number;
  /** The owner has asked to try again after the failure that the status tells of. */
  retryRequested: boolean;
  model: string;
  minNodes: number;
  targetConcurrency: number;
  /** All that are not terminated. */
  nodes: RouteNodeRecord[];
}

interface RouteRow {
  id: string;
  owner_id: string;
  status: EndpointStatus;
  power: Power;
  stage: string | null;
  status_reason: string | null;
  status_message: string;
  expected_ready_at: Date | null;
  created_at: Date;
  version: number;
  sleep_generation: number;
  wake_requested: number;
  retry_requested: number;
  failure_generation: number;
  spec: EndpointSpec;
  min_nodes: number;
  target_concurrency: number;
  node_id: string | null;
  address: string | null;
  secret_ciphertext: Buffer | null;
  state: NodeState | null;
  updated_at: Date | null;
}

/** All endpoints that are not deleted, or those of `endpointIds` (a missing one is gone). */
export async function readRoutes(db: Db, endpointIds: readonly string[] | null): Promise<RouteRecord[]> {
  const { rows } = await sql<RouteRow>`
    SELECT e.id, e.owner_id, e.status, e.power, e.stage, e.status_reason, e.status_message, e.expected_ready_at,
      e.created_at, e.version, e.sleep_generation, e.wake_requested, e.retry_requested, e.failure_generation, e.spec, a.min_nodes, a.target_concurrency,
      n.id AS node_id, n.address, n.secret_ciphertext, n.state, n.updated_at
    FROM endpoints e
    JOIN autoscaling a ON a.endpoint_id = e.id
    LEFT JOIN nodes n ON n.endpoint_id = e.id AND n.state <> 'terminated'
    WHERE e.deleted_at IS NULL ${endpointIds ? sql`AND e.id = ANY(${endpointIds})` : sql``}
    ORDER BY e.id, n.slot`.execute(db);
  const routes: RouteRecord[] = [];
  for (const row of rows) {
    let route = routes.at(-1);
    if (route?.endpointId !== row.id) routes.push((route = routeOf(row)));
    if (row.node_id === null || !row.secret_ciphertext || !row.state) continue;
    route.nodes.push({
      nodeId: row.node_id,
      address: row.address,
      secretCiphertext: row.secret_ciphertext,
      state: row.state,
      updatedAtMs: row.updated_at?.getTime() ?? 0,
    });
  }
  return routes;
}

function routeOf(row: RouteRow): RouteRecord {
  return {
    endpointId: row.id,
    ownerId: row.owner_id,
    status: row.status,
    power: row.power,
    stage: row.stage,
    statusReason: row.status_reason,
    statusMessage: row.status_message,
    expectedReadyAtMs: row.expected_ready_at?.getTime() ?? null,
    createdAtMs: row.created_at.getTime(),
    version: row.version,
    sleepGeneration: row.sleep_generation,
    wakeRequested: row.wake_requested,
    retryRequested: row.failure_generation > 0 && row.retry_requested >= row.failure_generation,
    model: row.spec.model,
    minNodes: row.min_nodes,
    targetConcurrency: row.target_concurrency,
    nodes: [],
  };
}

export interface KeyRecord {
  keyId: string;
  ownerId: string;
  sha256: Buffer;
  scopes: string[];
  /** Null: all endpoints of the owner. */
  endpointIds: string[] | null;
  expiresAtMs: number | null;
}

/** All keys that are not revoked, or those of `keyIds` (a missing one is revoked or never was). */
export async function readKeys(db: Db, keyIds: readonly string[] | null): Promise<KeyRecord[]> {
  let query = db
    .selectFrom('api_keys')
    .select(['id', 'owner_id', 'secret_sha256', 'scopes', 'endpoint_ids', 'expires_at'])
    .where('revoked_at', 'is', null);
  if (keyIds) query = query.where('id', 'in', keyIds.length > 0 ? keyIds : ['']);
  const rows = await query.execute();
  return rows.map((row) => ({
    keyId: row.id,
    ownerId: row.owner_id,
    sha256: row.secret_sha256,
    scopes: row.scopes,
    endpointIds: row.endpoint_ids,
    expiresAtMs: row.expires_at?.getTime() ?? null,
  }));
}

export async function touchKeys(db: Db, keyIds: readonly string[]): Promise<void> {
  await sql`UPDATE api_keys SET last_used_at = clock_timestamp() WHERE id = ANY(${keyIds})`.execute(db);
}

/**
 * Wishes that the sleep `sleepGeneration` end: the latch that the lifecycle reads, and the signal that
 * makes it look. One signal per sleep, however many requests and proxies ask.
 */
export async function requestWake(db: Db, endpointId: string, sleepGeneration: number): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .updateTable('endpoints')
      .set({ wake_requested: sleepGeneration })
      .where('id', '=', endpointId)
      .where('wake_requested', '<', sleepGeneration)
      .execute();
    await enqueueSignal(tx, {
      endpointId,
      signal: 'wake',
      payload: { sleepGeneration },
      dedupeKey: `wake:${endpointId}:${sleepGeneration}`,
    });
  });
}
