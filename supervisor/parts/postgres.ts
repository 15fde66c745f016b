/** Postgres of our own, on a free port of 127.0.0.1, used when DATABASE_URL is not set. */
import path from 'node:path';
import pg from 'pg';
import type { Part } from '../part.ts';
import { quietPort } from '../ports.ts';
import { StartError } from '../start-error.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { clearLeftovers, ensureCluster } from './postgres-cluster.ts';
import { checkReach, postgresUser } from './postgres-user.ts';

const DATABASE = 'hypervize';
const INVALID_PASSWORD = '28P01';
const READY_WITHIN_MS = 90_000;

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  logging_collector: 'off',
  log_checkpoints: 'off',
};

export interface EmbeddedPostgres {
  part: Part;
  databaseUrl: string;
  /** After the first start: makes our database when there is none. */
  createDatabase(): Promise<void>;
}

export async function embeddedPostgres(home: string, password: string): Promise<EmbeddedPostgres> {
  const port = await quietPort();
  const urlOf = (database: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
  return {
    databaseUrl: urlOf(DATABASE),
    createDatabase: async () => {
      const rows = await query(urlOf('postgres'), `SELECT 1 FROM pg_database WHERE datname = '${DATABASE}'`);
      if (rows === 0) await query(urlOf('postgres'), `CREATE DATABASE ${DATABASE}`);
    },
    part: {
      name: 'postgres',
      async command() {
        const binaries = await postgresBinaries();
        const user = await postgresUser();
        if (user) await checkReach(user, [path.dirname(binaries.postgres), home]);
        const cluster = await ensureCluster(home, password);
        await clearLeftovers(cluster);
        const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
        const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
        return { program: binaries.postgres, args: ['-D', cluster, '-p', String(port), ...settings], env, user };
      },
      isReady: () => accepts(urlOf('postgres'), home),
      readyWithinMs: READY_WITHIN_MS,
      // Not SIGTERM, which waits until the last client has left by itself.
      stopSignal: 'SIGINT',
      stopGraceMs: 8_000,
    },
  };
}

async function accepts(url: string, home: string): Promise<boolean> {
  try {
    await query(url, 'SELECT 1');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === INVALID_PASSWORD) {
      throw new StartError(
        `Postgres refuses the password in ${home}/secrets.json: bring that file back from a backup of the same home.`,
      );
    }
    return false;
  }
}

/** @returns how many rows there were */
async function query(connectionString: string, sql: string): Promise<number> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rowCount ?? 0;
  } finally {
    await client.end();
  }
}
