/**
 * The worker: runs workflows and activities, and is the only process that talks to providers
 * and mail. It holds no state of its own; kill it at any moment and another goes on from Temporal's
 * history and the providers' truth. It fails by exiting, and whoever started it starts it again.
 */
import { type NativeConnection, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { type Config, loadConfig, requireServices } from '../config.ts';
import { createDbClient } from '../db/client.ts';
import { recordMachines } from '../db/machines.ts';
import { migrateToLatest } from '../db/migrate.ts';
import { readInstallationId } from '../db/reaper.ts';
import { type Logger, createLogger } from '../log.ts';
import { connectNative, createLazyClient, dataConverter } from '../temporal/connection.ts';
import { registerSearchAttributes } from '../temporal/search-attributes.ts';
import { taskQueueOf } from '../workflows/contract.ts';
import { activityInterceptor } from './activity-interceptor.ts';
import { workflowBundle as bundleWorkflows } from './bundle.ts';
import { createDeps } from './deps.ts';
import { startLogShipper } from './log-shipper.ts';
import { ensureReaperSchedule } from './reaper-schedule.ts';

/** Histories are short, so replaying one is cheap and caching many is not worth the memory. */
const CACHED_WORKFLOWS_MAX = 300;

async function main(): Promise<void> {
  const config = requireServices(loadConfig());
  const logger = createLogger('worker', config.logLevel);
  Runtime.install({ shutdownSignals: ['SIGTERM', 'SIGINT'], logger: temporalLogger(logger) });
  const database = createDbClient({
    connectionString: config.databaseUrl,
    onError: (error) => logger.warn({ err: error }, 'database connection lost'),
  });
  await migrateToLatest(database.db);
  const installationId = await readInstallationId(database.db);
  const client = createLazyClient(config.temporal);
  const [connection, bundle] = await Promise.all([connectNative(config.temporal), bundleWorkflows()]);
  await registerSearchAttributes(connection, config.temporal.namespace);
  const deps = createDeps(config, database.db, client, installationId);
  for (const provider of deps.providers.values()) await provider.prepare();
  await recordOwnMachines(deps);
  const worker = await createWorker(config, connection, bundle, deps, logger);
  await ensureReaperSchedule(client, installationId, config.reaper.intervalSeconds);
  const shipper = startLogShipper(database.db, deps.providers, logger);
  logger.info({ installationId }, 'worker ready');
  try {
    await worker.run();
  } finally {
    await shipper.close();
    await connection.close();
    await client.connection.close();
    await database.close();
  }
}

/** For the api, which quotes by what providers offer and never asks one. */
async function recordOwnMachines({ db, providers, localMachine }: ReturnType<typeof createDeps>): Promise<void> {
  const installed = [...providers.keys()].map((provider) => ({
    provider,
    machine: provider === 'local' ? localMachine() : null,
  }));
  await recordMachines(db, installed);
}

async function createWorker(
  config: Config,
  connection: NativeConnection,
  workflowBundle: WorkflowBundle,
  deps: ReturnType<typeof createDeps>,
  logger: Logger,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace: config.temporal.namespace,
    taskQueue: taskQueueOf(deps.installationId),
    workflowBundle,
    activities: createActivities(deps),
    dataConverter: dataConverter(config.temporal),
    interceptors: { activity: [activityInterceptor(deps.faultPoint, logger)] },
    maxCachedWorkflows: CACHED_WORKFLOWS_MAX,
    maxConcurrentActivityTaskExecutions: 200,
    // A killed worker's workflows are given to another after this, not after ten seconds.
    stickyQueueScheduleToStartTimeout: '2s',
    // Cancellation is heard with heartbeats; the SDK would hold most of them back.
    maxHeartbeatThrottleInterval: '1s',
    shutdownGraceTime: '2s',
    shutdownForceTime: '8s',
  });
}

function temporalLogger(logger: Logger) {
  const write = (level: string, message: string, meta?: object) => {
    const { error, ...rest } = (meta ?? {}) as { error?: unknown };
    const line = { ...rest, ...(error ? { err: error } : {}), sdk: true };
    if (level === 'ERROR') logger.error(line, message);
    else if (level === 'WARN') logger.warn(line, message);
    else logger.debug(line, message);
  };
  return {
    log: write,
    trace: (message: string, meta?: object) => write('TRACE', message, meta),
    debug: (message: string, meta?: object) => write('DEBUG', message, meta),
    info: (message: string, meta?: object) => write('INFO', message, meta),
    warn: (message: string, meta?: object) => write('WARN', message, meta),
    error: (message: string, meta?: object) => write('ERROR', message, meta),
  };
}

try {
  await main();
} catch (error) {
  process.stderr.write(`worker: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
process.exit(0);
