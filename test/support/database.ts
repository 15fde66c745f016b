/**
 * A fresh, migrated database for one suite, cloned from the template that test-postgres.ts made. Suites
 * share the server and nothing else.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { type DbClient, createDbClient } from '../../db/client.ts';
import { ADMIN_URL_VARIABLE, TEMPLATE_DATABASE, databaseUrl } from './test-postgres.ts';

export interface TestDatabase extends DbClient {
  connectionString: string;
  /** Closes the pool and drops the database, whoever is still connected to it. */
  close(): Promise<void>;
}

/** Clones the template. Call `close` in `afterAll`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const adminUrl = process.env[ADMIN_URL_VARIABLE];
  if (!adminUrl) throw new Error('there is no test Postgres: run suites by "npm test", which starts one');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_DATABASE}`);
  const connectionString = databaseUrl(adminUrl, name);
  const client = createDbClient({ connectionString });
  return {
    ...client,
    connectionString,
    async close() {
      await client.close();
      await asAdmin(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

async function asAdmin(adminUrl: string, statement: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query(statement);
  } finally {
    await admin.end();
  }
}
