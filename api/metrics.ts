/**
 * Prometheus metrics on a port of their own, bound to loopback: they are for the operator, not for clients.
 * Off when METRICS_PORT is 0.
 */
import { createServer } from 'node:http';
import { sql } from 'kysely';
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { Db } from '../db/client.ts';
import type { Logger } from '../log.ts';
import type { ProxyStatus } from './proxy/proxy.ts';

export interface MetricsOptions {
  port: number;
  db: Db;
  proxyStatus: () => ProxyStatus;
  logger: Logger;
}

/** Starts serving `/metrics`; returns how to stop. */
export function serveMetrics(options: MetricsOptions): { close(): void } {
  if (options.port === 0) return { close() {} };
  const registry = createRegistry(options);
  const server = createServer((req, res) => {
    if (req.method !== 'GET' || req.url?.split('?')[0] !== '/metrics') {
      res.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => res.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (err: unknown) => {
        options.logger.warn({ err }, 'metrics could not be collected');
        res.writeHead(500).end();
      },
    );
  });
  server.on('error', (err) => options.logger.error({ err, port: options.port }, 'metrics are not served'));
  server.listen(options.port, '127.0.0.1');
  return {
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

export function createRegistry({ db, proxyStatus }: Pick<MetricsOptions, 'db' | 'proxyStatus'>): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        // Unknown is NaN, never a number that looks like knowledge.
        this.set(await Promise.resolve(read()).catch(() => Number.NaN));
      },
    });
  gauge('hypervize_routes_age_seconds', 'Since when the routes in memory may be out of date.', () => {
    const ageMs = proxyStatus().routeTableAgeMs;
    return ageMs === null ? Number.NaN : ageMs / 1000;
  });
  gauge('hypervize_requests_in_flight', 'Inference requests at nodes now.', () => proxyStatus().inFlight);
  gauge('hypervize_requests_held', 'Inference requests waiting for a wake now.', () => proxyStatus().held);
  gauge('hypervize_outbox_pending', 'Signals to lifecycles that are not delivered yet.', () => countPending(db));
  return registry;
}

async function countPending(db: Db): Promise<number> {
  const { rows } = await sql<{
    pending: number;
  }>`SELECT count(*) AS pending FROM outbox WHERE delivered_at IS NULL`.execute(db);
  return rows[0]?.pending ?? Number.NaN;
}
