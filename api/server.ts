/**
 * The api process: control plane, data plane and pages on one port. It keeps no state of its own; kill it at
 * any moment and the next one goes on from Postgres. It starts while Postgres or Temporal are away and says
 * so at /readyz; a wrong configuration, or a route without a policy, ends it at once.
 */
import { type Config, loadConfig, requireServices } from '../config.ts';
import { type DbClient, createDbClient, isConnectionError } from '../db/client.ts';
import { readLifecycleBrief } from '../db/endpoints.ts';
import { hubReadings } from '../db/hub-cache.ts';
import { migrateToLatest } from '../db/migrate.ts';
import { membershipsOf } from '../db/owners.ts';
import { readInstallationId } from '../db/reaper.ts';
import { SecretBox } from '../db/secrets.ts';
import { priceList } from '../domain/pricing.ts';
import { createHub } from '../hub/hub.ts';
import { createModelReader } from '../hub/model-reader.ts';
import { type Logger, createLogger } from '../log.ts';
import { createLazyClient } from '../temporal/connection.ts';
import { createApp } from './app.ts';
import { createChanges } from './changes.ts';
import { startHousekeeping } from './housekeeping.ts';
import { createHttpServer } from './http-server.ts';
import { createLifecycleClient } from './lifecycle-client.ts';
import { serveMetrics } from './metrics.ts';
import { trustedOrigins } from './origin-guard.ts';
import { createOutboxDispatcher } from './outbox-dispatcher.ts';
import { createProxy } from './proxy/proxy.ts';
import { createAuth, readSession } from './session.ts';

const DRAIN_MS = 5_000;
const STOP_MS_MAX = 7_500;
const POOL_MAX = 20;
const MIGRATE_AGAIN_MS = 1_000;

async function main(): Promise<void> {
  const config = requireServices(loadConfig());
  const logger = createLogger('api', config.logLevel);
  const parts = assemble(config, logger);
  await parts.http.listen(config.port, config.host);
  logger.info({ host: config.host, port: config.port }, 'api listening');
  stopOnSignal(parts, logger);

  await migrate(parts.database, logger, parts.closing.signal);
  parts.changes.start();
  parts.outbox.start();
  await parts.proxy.start();
  logger.info({ url: config.publicUrl }, 'api ready');
}

/** Makes every part and connects them; nothing runs yet. */
function assemble(config: Config, logger: Logger) {
  const { databaseUrl: connectionString, publicUrl, allowedHosts } = config;
  const database = createDbClient({
    connectionString,
    poolMax: POOL_MAX,
    onError: (err) => logger.warn({ err }, 'a database connection was lost'),
  });
  const { db, pool } = database;
  const secretBox = new SecretBox(config.secretKeys);
  const closing = new AbortController();
  const changes = createChanges({ connectionString, logger });
  const temporal = createLazyClient(config.temporal);
  const lifecycle = createLifecycleClient({
    workflows: temporal.workflow,
    withDeadline: (deadlineMs, call) => temporal.withDeadline(deadlineMs, call),
    readBrief: (endpointId) => readLifecycleBrief(db, endpointId),
    readInstallationId: () => readInstallationId(db),
    ping: () => temporal.workflowService.getSystemInfo({}),
  });
  const outbox = createOutboxDispatcher({ db, lifecycle, changes, logger });
  const auth = createAuth({
    pool,
    db,
    logger,
    publicUrl,
    trustedOrigins: trustedOrigins(publicUrl, allowedHosts),
    secret: config.authSecret,
  });
  const proxy = createProxy({
    db,
    connectionString,
    secretBox,
    logger,
    options: { ...config.proxy, publicUrl, allowedHosts },
    async sessionOwners(req) {
      const session = await readSession(auth, req);
      return session ? (await membershipsOf(db, session.user.id)).map((membership) => membership.id) : null;
    },
  });
  const prices = priceList(config.pricing.overrides);
  for (const problem of prices.problems) logger.warn({ problem }, 'an entry of PRICE_OVERRIDES was left out');
  const app = createApp({
    db,
    models: createModelReader(createHub(config.hub), hubReadings(db)),
    offers: prices.offers,
    limitUsdMicrosPerHour: config.pricing.limitUsdMicrosPerHour,
    secretBox,
    logger,
    auth,
    publicUrl,
    allowedHosts,
    clientIpHeader: config.proxy.clientIpHeader,
    changes,
    outbox,
    lifecycle,
    dataPlane: proxy,
    temporalUi: config.temporal.uiUrl ? { uiUrl: config.temporal.uiUrl, namespace: config.temporal.namespace } : null,
    closing: closing.signal,
  });
  const metrics = serveMetrics({ port: config.metricsPort, db, proxyStatus: () => proxy.status(), logger });
  const housekeeping = startHousekeeping(db, logger);
  return {
    http: createHttpServer(proxy, app),
    database,
    temporal,
    closing,
    changes,
    outbox,
    proxy,
    metrics,
    housekeeping,
  };
}

type Parts = ReturnType<typeof assemble>;

/** Brings the tables up to date, waiting for Postgres as long as it takes. */
async function migrate({ db }: DbClient, logger: Logger, closing: AbortSignal): Promise<void> {
  while (!closing.aborted) {
    try {
      await migrateToLatest(db);
      return;
    } catch (err) {
      if (!isConnectionError(err)) throw err;
      logger.warn({ err }, 'waiting for Postgres');
      await new Promise((resolve) => setTimeout(resolve, MIGRATE_AGAIN_MS));
    }
  }
}

function stopOnSignal(parts: Parts, logger: Logger): void {
  const stop = (signal: string) => {
    if (parts.closing.signal.aborted) return;
    logger.info({ signal }, 'api stopping');
    // Whatever hangs, the process ends.
    setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
    close(parts).then(
      () => process.exit(0),
      (err: unknown) => {
        logger.error({ err }, 'api did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Stops accepting, lets running answers end for a few seconds, then closes everything in order. */
async function close(parts: Parts): Promise<void> {
  parts.closing.abort();
  await Promise.all([parts.http.drain(DRAIN_MS), parts.proxy.drain(DRAIN_MS), parts.outbox.close()]);
  parts.metrics.close();
  parts.housekeeping.close();
  await Promise.all([parts.proxy.close(), parts.changes.close()]);
  await parts.temporal.connection.close();
  await parts.database.close();
}

try {
  await main();
} catch (error) {
  process.stderr.write(`api: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
