/**
 * Copies the runtimes' last lines into the records, so that the API can show them: it may not reach
 * providers, and a node's own log is gone once the node is released.
 */
import type { Db } from '../db/client.ts';
import { type LoggedNode, nodesWithLogs, saveNodeLogs } from '../db/node-logs.ts';
import type { ProviderName } from '../domain/endpoint.ts';
import type { Logger } from '../log.ts';
import type { CapacityProvider } from '../providers/provider.ts';

const INTERVAL_MS = 2_000;
export const LOG_LINES_MAX = 500;

export interface LogShipper {
  close(): Promise<void>;
}

export function startLogShipper(
  db: Db,
  providers: ReadonlyMap<ProviderName, CapacityProvider>,
  logger: Logger,
): LogShipper {
  const shipped = new Map<string, string>();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const ship = async (node: LoggedNode) => {
    const lines = await providers.get(node.provider)?.logs(node.token, LOG_LINES_MAX);
    if (!lines || lines.length === 0) return;
    const fingerprint = `${lines.length} ${lines.at(-1)}`;
    if (shipped.get(node.nodeId) === fingerprint) return;
    await saveNodeLogs(db, node, lines);
    shipped.set(node.nodeId, fingerprint);
  };
  const round = async () => {
    try {
      const nodes = await nodesWithLogs(db);
      for (const id of shipped.keys()) if (!nodes.some((node) => node.nodeId === id)) shipped.delete(id);
      for (const node of nodes) await ship(node);
    } catch (error) {
      logger.debug({ err: error }, 'logs not shipped this time');
    }
    if (!closed) timer = setTimeout(() => void (running = round()), INTERVAL_MS);
  };
  let running = round();

  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
