/**
 * From a prepared home to a running product. The database, Temporal and the local runtime have nothing
 * to do with each other, so they come up at the same time; worker and api need all of them.
 */
import { createDbClient } from '../db/client.ts';
import { migrateToLatest } from '../db/migrate.ts';
import { builtinModel, llamaCpp } from '../downloads/index.ts';
import type { Config } from '../config.ts';
import { embeddedPostgres } from './parts/postgres.ts';
import { buildDashboard } from './parts/dashboard.ts';
import { apiPart, workerPart } from './parts/programs.ts';
import { embeddedTemporal } from './parts/temporal.ts';
import { isPortFree } from './ports.ts';
import { keepSecrets, type Secrets } from './secrets.ts';
import { StartError } from './start-error.ts';
import type { Supervisor } from './supervisor.ts';
import type { Terminal } from './terminal.ts';

export interface BringUpOptions {
  config: Config;
  env: NodeJS.ProcessEnv;
  supervisor: Supervisor;
  terminal: Terminal;
  /** Ends downloads that are no longer wanted. */
  signal: AbortSignal;
}

export interface RunningProduct {
  temporalUiUrl: string | null;
}

/** @throws StartError or DownloadError, with one sentence for the operator */
export async function bringUp(options: BringUpOptions): Promise<RunningProduct> {
  const { config, terminal, supervisor } = options;
  await checkPort(config);
  const secrets = await keepSecrets(config.home);
  const [databaseUrl, temporal] = await Promise.all([
    startDatabase(options, secrets),
    startTemporal(options),
    fetchRuntime(options),
    prepareDashboard(options),
  ]);
  const env = programEnvironment(options, secrets, databaseUrl, temporal);
  await Promise.all([
    terminal.step('worker', () => supervisor.start(workerPart(env))),
    terminal.step('api', () => supervisor.start(apiPart(env, ownUrl(config)))),
  ]);
  return { temporalUiUrl: temporal.uiUrl };
}

async function startDatabase(options: BringUpOptions, secrets: Secrets): Promise<string> {
  const { config, terminal, supervisor } = options;
  let { databaseUrl } = config;
  if (config.embeddedPostgres) {
    const postgres = await embeddedPostgres(config.home, secrets.postgresPassword);
    await terminal.step('postgres', () => supervisor.start(postgres.part));
    await postgres.createDatabase();
    databaseUrl = postgres.databaseUrl;
  }
  await terminal.step(
    'migrations',
    () => migrate(databaseUrl),
    (names) => (names.length > 0 ? `${names.length} applied` : 'nothing new'),
  );
  return databaseUrl;
}

async function migrate(connectionString: string): Promise<string[]> {
  const client = createDbClient({ connectionString });
  try {
    return await migrateToLatest(client.db);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartError(
      `The database could not be brought up to date (${reason}): check DATABASE_URL, or the database's own log.`,
      { cause },
    );
  } finally {
    await client.close();
  }
}

async function startTemporal(options: BringUpOptions): Promise<{ address: string; uiUrl: string | null }> {
  const { config, terminal, supervisor } = options;
  if (!config.temporal.embedded) return { address: config.temporal.address, uiUrl: null };
  const { home, temporal } = config;
  const embedded = await embeddedTemporal({ home, ...temporal, downloads: downloadOptions(options) });
  await terminal.step(
    'temporal',
    () => supervisor.start(embedded.part),
    () => uiPortNote(temporal.uiPort, embedded.uiPort()),
  );
  return { address: embedded.address, uiUrl: `http://localhost:${embedded.uiPort()}` };
}

function uiPortNote(wished: number, taken: number): string {
  return wished === taken ? '' : `Web UI on ${taken}, because ${wished} is in use`;
}

/** So that the first endpoint does not wait for a download, and a machine that cannot run one says so now. */
async function fetchRuntime(options: BringUpOptions): Promise<void> {
  if (options.config.local.runtimeCommand) return;
  const downloads = downloadOptions(options);
  await options.terminal.step(
    'runtime',
    () => Promise.all([llamaCpp(downloads), builtinModel(downloads)]),
    () => 'llama.cpp and the built-in model',
  );
}

/** A dashboard that cannot be built leaves the API whole, so it is told and does not stop the start. */
async function prepareDashboard({ terminal, signal }: BringUpOptions): Promise<void> {
  await terminal.step(
    'dashboard',
    () => buildDashboard(signal).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))),
    (result) => (result instanceof Error ? `NOT BUILT, a plain page is shown: ${result.message}` : result),
  );
}

function downloadOptions({ config, signal }: BringUpOptions) {
  return { folder: config.downloads, python: config.local.python, signal };
}

function programEnvironment(
  options: BringUpOptions,
  secrets: Secrets,
  databaseUrl: string,
  temporal: { address: string; uiUrl: string | null },
): NodeJS.ProcessEnv {
  const { config, env } = options;
  return {
    ...env,
    HYPERVIZE_HOME: config.home,
    HYPERVIZE_DOWNLOADS: config.downloads,
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporal.address,
    ...(temporal.uiUrl ? { TEMPORAL_UI_URL: temporal.uiUrl } : {}),
    HYPERVIZE_SECRET_KEY: env['HYPERVIZE_SECRET_KEY'] ?? secrets.secretKey,
    HYPERVIZE_AUTH_SECRET: env['HYPERVIZE_AUTH_SECRET'] ?? secrets.authSecret,
  };
}

async function checkPort(config: Config): Promise<void> {
  if (await isPortFree(config.host, config.port)) return;
  throw new StartError(
    `Port ${config.port} on ${config.host} is in use: stop the program that has it, or choose another with PORT=${config.port + 1} npm start.`,
  );
}

/** Where this machine itself reaches the api. */
function ownUrl(config: Config): string {
  const host = config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${config.port}`;
}
