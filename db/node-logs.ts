/** The runtimes' last output lines, redacted by the provider before they come here. */
import type { ProviderName } from '../domain/endpoint.ts';
import type { Db } from './client.ts';

export interface LoggedNode {
  nodeId: string;
  endpointId: string;
  ownerId: string;
  provider: ProviderName;
  token: string;
}

/** Nodes whose runtime may be writing. */
export async function nodesWithLogs(db: Db): Promise<LoggedNode[]> {
  const rows = await db
    .selectFrom('nodes')
    .select(['id', 'endpoint_id', 'owner_id', 'provider', 'token'])
    .where('state', 'in', ['starting', 'ready', 'draining', 'stopping'])
    .execute();
  return rows.map((row) => ({
    nodeId: row.id,
    endpointId: row.endpoint_id,
    ownerId: row.owner_id,
    provider: row.provider,
    token: row.token,
  }));
}

export async function saveNodeLogs(
  db: Db,
  node: Pick<LoggedNode, 'nodeId' | 'endpointId' | 'ownerId'>,
  lines: string[],
): Promise<void> {
  const updated_at = new Date();
  await db
    .insertInto('node_logs')
    .values({ node_id: node.nodeId, endpoint_id: node.endpointId, owner_id: node.ownerId, lines, updated_at })
    .onConflict((conflict) => conflict.column('node_id').doUpdateSet({ lines, updated_at }))
    .execute();
}
