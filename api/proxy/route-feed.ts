/**
 * Keeps the route table and the key table true: everything at the start, single rows on notifications,
 * everything again after each reconnect and every few seconds. Postgres may be away for any time after
 * the first load; what is in memory stays in use.
 */
import type { Logger } from 'pino';
import { type Db, isConnectionError } from '../../db/client.ts';
import { type Listener, listen } from '../../db/listen.ts';
import { readKeys, readRoutes } from '../../db/routes.ts';
import type { KeyTable } from './key-table.ts';
import { Mirror } from './mirror.ts';
import type { RouteTable } from './route-table.ts';

export interface RouteFeedDeps {
  db: Db;
  connectionString: string;
  logger: Logger;
  routes: RouteTable;
  keys: KeyTable;
  timings: { refreshMs: number; lookUpMs: number };
}

export interface RouteFeed {
  /** Resolves once both tables have been loaded. */
  start(): Promise<void>;
  /** For what is so new that its notification may still be on the way; never rejects, and does not take long. */
  lookUpRoute(endpointId: string): Promise<void>;
  lookUpKey(keyId: string): Promise<void>;
  /** Since when the tables may be out of date; null before the first load. */
  ageMs(): number | null;
  close(): Promise<void>;
}

export function createRouteFeed(deps: RouteFeedDeps): RouteFeed {
  const onError = (error: unknown) => {
    if (isConnectionError(error))
      deps.logger.warn({ err: error }, 'Postgres is away; the routes in memory stay in use');
    else deps.logger.error({ err: error }, 'routes could not be read');
  };
  const routes = new Mirror({
    read: (ids) => readRoutes(deps.db, ids),
    apply: (rows, ids) => deps.routes.apply(rows, ids),
    onError,
  });
  const keys = new Mirror({
    read: (ids) => readKeys(deps.db, ids),
    apply: (rows, ids) => deps.keys.apply(rows, ids),
    onError,
  });
  const refresh = () => {
    routes.refresh();
    keys.refresh();
  };
  let listener: Listener | undefined;
  let timer: NodeJS.Timeout | undefined;

  return {
    async start() {
      listener = listen({
        connectionString: deps.connectionString,
        channels: ['endpoint_changed', 'api_key_changed'],
        onNotify: (channel, id) => (channel === 'endpoint_changed' ? routes.touch(id) : keys.touch(id)),
        onConnect: refresh,
        onError: (error) => deps.logger.warn({ err: error }, 'notifications are lost until Postgres is back'),
      });
      timer = setInterval(refresh, deps.timings.refreshMs).unref();
      refresh();
      await Promise.all([routes.loaded, keys.loaded]);
    },
    lookUpRoute: (endpointId) => routes.lookUp(endpointId, deps.timings.lookUpMs),
    lookUpKey: (keyId) => keys.lookUp(keyId, deps.timings.lookUpMs),
    ageMs() {
      const ages = [routes.ageMs(), keys.ageMs()];
      return ages.includes(null) ? null : Math.max(...ages.map(Number));
    },
    async close() {
      clearInterval(timer);
      routes.close();
      keys.close();
      await listener?.close();
    },
  };
}
