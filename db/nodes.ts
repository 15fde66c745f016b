/**
 * Node records: intent before effect, truth before forgetting. A node's token is derived from what it is
 * for, so a step that runs twice finds the row of the first run.
 */
import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { EndpointSpec, NodeState, PlacementCandidate } from '../domain/endpoint.ts';
import type { SizingPlan } from '../domain/sizing/plan.ts';
import type { Db, Tx } from './client.ts';
import { appendEvent } from './events.ts';
import type { NodesTable } from './schema.ts';
import { type SecretBox, secretPlace } from './secrets.ts';
import type { Selectable } from 'kysely';

export type NodeRow = Selectable<NodesTable>;

export interface Allocation {
  nodeId: string;
  state: NodeState;
  /** True when the slot had no live node, so that this one is new. */
  fresh: boolean;
}

/**
 * The live node of a slot, or a new intent for it.
 *
 * The token names (endpoint, generation, slot, epoch, candidate): epochs count the slot's earlier nodes,
 * so that a new try after a release is a new launch, and a repeated call is not.
 */
export async function allocateNode(
  db: Db,
  box: SecretBox,
  wish: { endpointId: string; slot: number; candidate: PlacementCandidate },
): Promise<Allocation> {
  return db.transaction().execute(async (tx) => {
    const endpoint = await tx
      .selectFrom('endpoints')
      .select(['owner_id', 'generation'])
      .where('id', '=', wish.endpointId)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const earlier = await tx
      .selectFrom('nodes')
      .select(['id', 'state', 'epoch'])
      .where('endpoint_id', '=', wish.endpointId)
      .where('slot', '=', wish.slot)
      .orderBy('epoch', 'desc')
      .execute();
    const live = earlier.find((node) => node.state !== 'terminated');
    if (live) return { nodeId: live.id, state: live.state, fresh: false };
    const epoch = (earlier[0]?.epoch ?? -1) + 1;
    const purpose = JSON.stringify([wish.endpointId, endpoint.generation, wish.slot, epoch, wish.candidate]);
    const token = createHash('sha256').update(purpose).digest('hex');
    const nodeId = `node-${token.slice(0, 12)}`;
    const secret = randomBytes(32).toString('base64url');
    await tx
      .insertInto('nodes')
      .values({
        id: nodeId,
        endpoint_id: wish.endpointId,
        owner_id: endpoint.owner_id,
        slot: wish.slot,
        epoch,
        generation: endpoint.generation,
        token,
        provider: wish.candidate.provider,
        candidate: JSON.stringify(wish.candidate),
        secret_ciphertext: box.seal(secret, secretPlace.node(nodeId)),
      })
      .execute();
    return { nodeId, state: 'intent', fresh: true };
  });
}

/** A node with all that its provider must know, secrets opened. Never log or return this from an activity. */
export interface NodeDossier {
  node: NodeRow;
  spec: EndpointSpec;
  sizing: SizingPlan | null;
  secret: string;
  env: Record<string, string>;
  huggingFaceToken: string | null;
}

/** @throws when there is no such node */
export async function readNodeDossier(db: Db, box: SecretBox, nodeId: string): Promise<NodeDossier> {
  const node = await readNode(db, nodeId);
  const endpoint = await db
    .selectFrom('endpoints')
    .select(['spec', 'sizing'])
    .where('id', '=', node.endpoint_id)
    .executeTakeFirstOrThrow();
  const secrets = await readEndpointSecrets(db, box, node.endpoint_id);
  return {
    node,
    spec: endpoint.spec,
    sizing: endpoint.sizing,
    secret: box.open(node.secret_ciphertext, secretPlace.node(nodeId)),
    env: secrets.env,
    huggingFaceToken: secrets.huggingFaceToken,
  };
}

export async function readEndpointSecrets(
  db: Db,
  box: SecretBox,
  endpointId: string,
): Promise<{ env: Record<string, string>; huggingFaceToken: string | null }> {
  const rows = await db
    .selectFrom('endpoint_secrets')
    .select(['name', 'ciphertext'])
    .where('endpoint_id', '=', endpointId)
    .execute();
  const open = (name: 'env' | 'hugging_face_token') => {
    const row = rows.find((candidate) => candidate.name === name);
    return row ? box.open(row.ciphertext, secretPlace.endpoint(endpointId, name)) : null;
  };
  const env = open('env');
  return { env: env ? (JSON.parse(env) as Record<string, string>) : {}, huggingFaceToken: open('hugging_face_token') };
}

export async function readNode(db: Db | Tx, nodeId: string): Promise<NodeRow> {
  return db.selectFrom('nodes').selectAll().where('id', '=', nodeId).executeTakeFirstOrThrow();
}

export async function liveNodes(db: Db | Tx, endpointId: string): Promise<NodeRow[]> {
  return db
    .selectFrom('nodes')
    .selectAll()
    .where('endpoint_id', '=', endpointId)
    .where('state', '<>', 'terminated')
    .orderBy('slot')
    .execute();
}

/** Sets the state of a node that is not yet terminated. */
export async function setNodeState(
  db: Db | Tx,
  nodeId: string,
  state: NodeState,
  reason: string | null = null,
): Promise<void> {
  await db
    .updateTable('nodes')
    .set({ state, reason, updated_at: new Date(), ...(state === 'ready' ? { ready_at: new Date() } : {}) })
    .where('id', '=', nodeId)
    .where('state', '<>', 'terminated')
    .execute();
}

/** States from which a machine that runs is on its way to serve; a late report changes no other. */
const BEFORE_READY: NodeState[] = ['intent', 'launching', 'starting', 'stopping', 'stopped'];

/** The provider runs the machine: where it is reached, and the interval that it is paid for begins. */
export async function recordRunning(
  db: Db,
  nodeId: string,
  truth: { ref: string; address: string | null; startedAt: string },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const node = await readNode(tx, nodeId);
    if (node.state === 'terminated') return;
    await tx
      .updateTable('nodes')
      .set({ state: 'starting', provider_ref: truth.ref, address: truth.address, reason: null, updated_at: new Date() })
      .where('id', '=', nodeId)
      .where('state', 'in', BEFORE_READY)
      .execute();
    await openInterval(tx, node, truth.startedAt);
  });
}

/**
 * Opens the interval that a running machine is paid for, unless one is open. It begins no earlier than the
 * last one ended. A stopped machine must be passed with the start of its last run, whose interval is closed
 * already and leaves nothing to open.
 */
export async function openInterval(db: Db | Tx, node: NodeRow, startedAt: string): Promise<void> {
  await sql`
    INSERT INTO node_intervals (node_id, endpoint_id, owner_id, usd_micros_per_hour, started_at)
    SELECT ${node.id}, ${node.endpoint_id}, ${node.owner_id}, ${node.candidate.usdMicrosPerHour}, greatest(${startedAt}::timestamptz, last.ended_at)
    FROM (SELECT max(ended_at) AS ended_at, max(started_at) AS started_at FROM node_intervals WHERE node_id = ${node.id}) last
    WHERE last.started_at IS NULL OR last.started_at < ${startedAt}::timestamptz
    ON CONFLICT (node_id) WHERE ended_at IS NULL DO NOTHING`.execute(db);
}

/** The machine no longer runs: its interval ends at the provider's time, or now. */
export async function recordEnded(
  db: Db,
  nodeId: string,
  end: { state: 'stopped' | 'terminated'; endedAt: string | null; reason: string | null },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const node = await readNode(tx, nodeId);
    await sql`UPDATE node_intervals SET ended_at = greatest(started_at, least(coalesce(${end.endedAt}::timestamptz, now()), now()))
      WHERE node_id = ${nodeId} AND ended_at IS NULL`.execute(tx);
    if (node.state === 'terminated' || node.state === end.state) return;
    await tx
      .updateTable('nodes')
      .set({
        state: end.state,
        address: null,
        reason: end.reason,
        updated_at: new Date(),
        ...(end.state === 'terminated' ? { released_at: new Date() } : {}),
      })
      .where('id', '=', nodeId)
      .execute();
    await appendEvent(tx, {
      endpointId: node.endpoint_id,
      ownerId: node.owner_id,
      type: 'node',
      actor: 'lifecycle',
      reason: end.reason,
      message: end.state === 'stopped' ? `Node ${nodeId} is stopped.` : `Node ${nodeId} is released.`,
      details: { nodeId },
    });
  });
}
