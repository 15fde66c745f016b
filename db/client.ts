/**
 * The database client, and the two ways to use it: `Db` sees everything (lifecycle, proxy, monitor) and
 * `forOwner` sees one owner's rows, by Postgres row-level security (routes).
 *
 * `db/` holds one file of named queries per table group; no other folder writes SQL.
 * It fails by throwing what `pg` throws; `isConnectionError` tells an outage from a mistake.
 */
import { types } from 'node:util';
import { Kysely, PostgresDialect, type Transaction, sql } from 'kysely';
import pg from 'pg';
import type { Database } from './schema.ts';

export type Db = Kysely<Database>;
export type Tx = Transaction<Database>;
/** A transaction that runs as `hypervize_tenant` and sees one owner only. */
export type OwnerTx = Tx & { readonly __owner: unique symbol };

// bigint counters and micro-dollars stay far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export interface DbOptions {
  connectionString: string;
  poolMax?: number;
  onError?: (error: Error) => void;
}

export interface DbClient {
  db: Db;
  pool: pg.Pool;
  close(): Promise<void>;
}

/** Opens a pool. Connections are made when first needed, so this never fails. */
export function createDbClient(options: DbOptions): DbClient {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.poolMax ?? 10,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    // A dead server must not hang a request for ever.
    query_timeout: 30_000,
    keepAlive: true,
  });
  // Without a listener a dropped connection would end the process. The pool listens to idle clients only;
  // one that is checked out can be dropped between two queries of a transaction.
  const onError = (error: Error) => options.onError?.(error);
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  return { db, pool, close: () => db.destroy() };
}

/** Runs `work` in a transaction that can only see and write rows of `ownerId`. */
export async function forOwner<T>(db: Db, ownerId: string, work: (tx: OwnerTx) => Promise<T>): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await sql`SELECT set_config('app.owner', ${ownerId}, true), set_config('role', 'hypervize_tenant', true)`.execute(
      tx,
    );
    return work(tx as OwnerTx);
  });
}

const CONNECTION_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'ENOENT']);

/** True when the database could not be reached or is going down, so that trying again may help. */
export function isConnectionError(error: unknown): boolean {
  // Not instanceof: Jest gives each suite an Error of its own, and Node's errors have another.
  if (!types.isNativeError(error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') {
    // Class 08: connection; 57P01-03: shutting down, crashed, starting up; 53: out of resources.
    if (CONNECTION_CODES.has(code) || code.startsWith('08') || code.startsWith('57P') || code.startsWith('53'))
      return true;
  }
  return /Connection terminated|timeout exceeded when trying to connect|Query read timeout/.test(error.message);
}
