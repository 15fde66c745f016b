/** Puts endpoints into any state without a lifecycle, by writing what the lifecycle would have written. */
import type { EndpointStatus, NodeState } from '../../../domain/endpoint.ts';
import type { TestApi } from './test-api.ts';

/** Columns of `endpoints` as the lifecycle leaves them in each status. */
const COLUMNS: Record<EndpointStatus, Record<string, unknown>> = {
  building: { stage: 'loading' },
  up: { first_up_at: new Date() },
  hibernated: { first_up_at: new Date(), sleep_generation: 1 },
  waking: { first_up_at: new Date(), sleep_generation: 1, wake_requested: 1, stage: 'loading' },
  updating: { first_up_at: new Date(), stage: 'loading' },
  paused: { first_up_at: new Date(), power: 'paused' },
  failed: { failure_generation: 1, status_reason: 'runtime_crash_loop' },
  deleting: { power: 'deleted' },
  deleted: { power: 'deleted', deleted_at: new Date() },
};

export async function putInStatus(
  api: TestApi,
  id: string,
  status: EndpointStatus,
  more: Record<string, unknown> = {},
): Promise<void> {
  const columns = { status, stage: null, power: 'on', ...COLUMNS[status], ...more };
  const names = Object.keys(columns);
  const assignments = names.map((name, index) => `${name} = $${index + 2}`).join(', ');
  await api.database.pool.query(
    `UPDATE endpoints SET ${assignments}, version = version + 1, since = now() WHERE id = $1`,
    [id, ...Object.values(columns)],
  );
}

const CANDIDATE = {
  provider: 'local',
  tier: 'local-cpu',
  instanceType: 'local-cpu',
  region: 'local',
  zone: null,
  purchaseOption: 'on_demand',
  usdMicrosPerHour: 0,
};

let nodes = 0;

/** Adds a node with its secret, an interval of the ledger and a log line; returns its id. */
export async function addNode(
  api: TestApi,
  endpoint: { id: string; ownerId: string },
  options: {
    state?: NodeState;
    usdMicrosPerHour?: number | null;
    startedAt?: Date;
    endedAt?: Date | null;
    lines?: string[];
    slot?: number;
  } = {},
): Promise<string> {
  const nodeId = `node-${nodes++}-${endpoint.id}`;
  const {
    state = 'ready',
    usdMicrosPerHour = 0,
    startedAt = options.endedAt ?? new Date(),
    endedAt = null,
    lines = [],
    slot = 0,
  } = options;
  const { pool } = api.database;
  await pool.query(
    `INSERT INTO nodes (id, endpoint_id, owner_id, slot, epoch, generation, token, provider, candidate, address, secret_ciphertext, state, ready_at)
     VALUES ($1, $2, $3, $4, $5, 1, $6, 'local', $7, 'http://127.0.0.1:1', 'CANARY-ciphertext', $8, now())`,
    [nodeId, endpoint.id, endpoint.ownerId, slot, nodes, `CANARY-token-${nodeId}`, JSON.stringify(CANDIDATE), state],
  );
  await pool.query(
    'INSERT INTO node_intervals (node_id, endpoint_id, owner_id, usd_micros_per_hour, started_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6)',
    [nodeId, endpoint.id, endpoint.ownerId, usdMicrosPerHour, startedAt, endedAt],
  );
  if (lines.length > 0) {
    await pool.query('INSERT INTO node_logs (node_id, endpoint_id, owner_id, lines) VALUES ($1, $2, $3, $4)', [
      nodeId,
      endpoint.id,
      endpoint.ownerId,
      lines,
    ]);
  }
  return nodeId;
}
