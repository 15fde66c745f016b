/**
 * Reads all that an owner may see of endpoints, in a fixed number of queries however many endpoints.
 * How it is shown is decided in api/endpoint-document.ts.
 */
import { sql } from 'kysely';
import type {
  Autoscaling,
  EndpointSpec,
  EndpointStatus,
  NodeState,
  PlacementCandidate,
  Power,
} from '../domain/endpoint.ts';
import type { LifecycleView } from '../domain/lifecycle.ts';
import type { SizingPlan } from '../domain/sizing/plan.ts';
import type { OwnerTx } from './client.ts';
import { OWNER } from './owned.ts';
import type { EndpointSecretName } from './schema.ts';

export interface NodeRecord {
  id: string;
  slot: number;
  generation: number;
  state: NodeState;
  reason: string | null;
  candidate: PlacementCandidate;
  createdAt: Date;
  readyAt: Date | null;
}

export interface EndpointRecord {
  id: string;
  name: string;
  spec: EndpointSpec;
  autoscaling: Autoscaling;
  power: Power;
  status: EndpointStatus;
  stage: string | null;
  statusReason: string | null;
  statusMessage: string;
  since: Date;
  expectedReadyAt: Date | null;
  degradedReason: string | null;
  degradedMessage: string | null;
  sizing: SizingPlan | null;
  lastUpdate: { state: string; reason: string | null } | null;
  createdAt: Date;
  lastRequestAt: Date | null;
  /** What an ETag is made of. */
  version: number;
  generation: number;
  /** What the lifecycle will do next is decided from this; see domain/lifecycle.ts. */
  lifecycle: LifecycleView;
  price: { usdMicrosPerHour: number | null; currency: string };
  /** Null when a price in it is unknown. */
  costUsdMicros: number | null;
  nodes: NodeRecord[];
  domains: { domain: string; state: string; createdAt: Date; verifiedAt: Date | null }[];
  telemetryEndpoint: string | null;
  secrets: { name: EndpointSecretName; ciphertext: Buffer }[];
}

/** The records of these endpoints in the order of `ids`; those that are unknown, another's or deleted are left out. */
export async function readEndpointRecords(tx: OwnerTx, ids: readonly string[]): Promise<EndpointRecord[]> {
  if (ids.length === 0) return [];
  const rows = new Map((await readRows(tx, ids)).map((row) => [row.id, row]));
  const nodes = await readNodes(tx, ids);
  const costs = await readCosts(tx, ids);
  const domains = await tx
    .selectFrom('custom_domains')
    .select(['endpoint_id', 'domain', 'state', 'created_at as createdAt', 'verified_at as verifiedAt'])
    .where('endpoint_id', 'in', ids)
    .where('owner_id', '=', OWNER)
    .orderBy('created_at')
    .execute();
  const secrets = await tx
    .selectFrom('endpoint_secrets')
    .select(['endpoint_id', 'name', 'ciphertext'])
    .where('endpoint_id', 'in', ids)
    .where('owner_id', '=', OWNER)
    .execute();
  return ids.flatMap((id) => {
    const row = rows.get(id);
    if (!row) return [];
    const own = <T extends { endpoint_id: string }>(all: readonly T[]) => all.filter((one) => one.endpoint_id === id);
    return toRecord(row, {
      nodes: own(nodes),
      domains: own(domains),
      secrets: own(secrets),
      costUsdMicros: costs.has(id) ? (costs.get(id) ?? null) : 0,
    });
  });
}

/** One endpoint's record, or null. */
export async function readEndpointRecord(tx: OwnerTx, id: string): Promise<EndpointRecord | null> {
  return (await readEndpointRecords(tx, [id]))[0] ?? null;
}

/** Cost so far per endpoint that ever had a node, in whole micro-dollars; null where a price is unknown. */
async function readCosts(tx: OwnerTx, ids: readonly string[]): Promise<Map<string, number | null>> {
  const { rows } = await sql<{ endpoint_id: string; cost: number | null }>`
    SELECT endpoint_id, CASE WHEN bool_or(usd_micros_per_hour IS NULL) THEN NULL ELSE
      sum(floor(usd_micros_per_hour * extract(epoch FROM coalesce(ended_at, now()) - started_at) / 3600))::bigint END AS cost
    FROM node_intervals WHERE owner_id = ${OWNER} AND endpoint_id = ANY (${ids}) GROUP BY endpoint_id`.execute(tx);
  return new Map(rows.map((row) => [row.endpoint_id, row.cost]));
}

function readRows(tx: OwnerTx, ids: readonly string[]) {
  return tx
    .selectFrom('endpoints as e')
    .innerJoin('autoscaling as a', 'a.endpoint_id', 'e.id')
    .leftJoin('pricing as p', 'p.endpoint_id', 'e.id')
    .leftJoin('endpoint_traffic as t', 't.endpoint_id', 'e.id')
    .leftJoin('telemetry_settings as s', 's.endpoint_id', 'e.id')
    .selectAll('e')
    .select(['a.min_nodes', 'a.max_nodes', 'a.idle_timeout_seconds', 'a.target_concurrency'])
    .select(['p.usd_micros_per_hour', 'p.currency', 't.last_request_at', 's.otlp_endpoint'])
    .where('e.id', 'in', ids)
    .where('e.owner_id', '=', OWNER)
    .where('e.status', '!=', 'deleted')
    .execute();
}

type EndpointRow = Awaited<ReturnType<typeof readRows>>[number];

function readNodes(tx: OwnerTx, ids: readonly string[]) {
  return tx
    .selectFrom('nodes')
    .select(['id', 'endpoint_id', 'slot', 'generation', 'state', 'reason', 'candidate'])
    .select(['created_at as createdAt', 'ready_at as readyAt'])
    .where('endpoint_id', 'in', ids)
    .where('owner_id', '=', OWNER)
    .where('state', '!=', 'terminated')
    .orderBy('slot')
    .execute();
}

function toRecord(
  row: EndpointRow,
  parts: Pick<EndpointRecord, 'nodes' | 'domains' | 'secrets' | 'costUsdMicros'>,
): EndpointRecord {
  return {
    id: row.id,
    name: row.name,
    spec: row.spec,
    autoscaling: {
      minNodes: row.min_nodes,
      maxNodes: row.max_nodes,
      idleTimeoutSeconds: row.idle_timeout_seconds,
      targetConcurrency: row.target_concurrency,
    },
    power: row.power,
    status: row.status,
    stage: row.stage,
    statusReason: row.status_reason,
    statusMessage: row.status_message,
    since: row.since,
    expectedReadyAt: row.expected_ready_at,
    degradedReason: row.degraded_reason,
    degradedMessage: row.degraded_message,
    sizing: row.sizing,
    lastUpdate: row.last_update,
    createdAt: row.created_at,
    lastRequestAt: row.last_request_at,
    version: row.version,
    generation: row.generation,
    lifecycle: {
      status: row.status,
      power: row.power,
      minNodes: row.min_nodes,
      everUp: row.first_up_at !== null,
      sleepGeneration: row.sleep_generation,
      wakeRequested: row.wake_requested,
      hibernateRequested: row.hibernate_requested,
      failureGeneration: row.failure_generation,
      retryRequested: row.retry_requested,
      nodes: parts.nodes.map(({ state }) => ({ state })),
    },
    price: { usdMicrosPerHour: row.usd_micros_per_hour, currency: row.currency ?? 'USD' },
    telemetryEndpoint: row.otlp_endpoint,
    ...parts,
  };
}
