import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { type Db, type Tx, forOwner } from '../../db/client.ts';
import { type TestDatabase, createTestDatabase } from '../support/database.ts';

/** Tables with an owner that no owner's transaction may touch at all, so they need no policy. */
const ONLY_FOR_US = ['mail_outbox'];

type Row = Record<string, unknown>;

/** One row of each table, in an order that foreign keys allow. A new table with an owner needs one, too. */
function sampleRows(owner: string): Record<string, Row> {
  const endpoint = `endpt-${randomBytes(6).toString('hex')}`;
  const common = { endpoint_id: endpoint, owner_id: owner };
  const sealed = Buffer.from('sealed');
  return {
    endpoints: { id: endpoint, owner_id: owner, created_by: 'user-1', name: 'n', spec: '{}' },
    autoscaling: { ...common, min_nodes: 0, max_nodes: 1, idle_timeout_seconds: 60, target_concurrency: 4 },
    pricing: { ...common, tier: 't', provider: 'local', source: 's' },
    custom_domains: { ...common, domain: 'llm.example.com', challenge_token: 'c' },
    telemetry_settings: { ...common, otlp_endpoint: 'https://otlp.example.com' },
    endpoint_secrets: { ...common, name: 'env', ciphertext: sealed },
    nodes: {
      ...common,
      id: `node-${endpoint}`,
      slot: 0,
      epoch: 0,
      generation: 1,
      token: `token-${endpoint}`,
      provider: 'local',
      candidate: '{}',
      secret_ciphertext: sealed,
    },
    node_logs: { ...common, node_id: `node-${endpoint}` },
    node_intervals: { ...common, node_id: `node-${endpoint}`, started_at: new Date() },
    api_keys: {
      id: randomBytes(4).toString('hex'),
      owner_id: owner,
      created_by: 'user-1',
      name: 'k',
      secret_sha256: sealed,
      last4: '1234',
      scopes: ['inference'],
    },
    endpoint_events: { ...common, type: 'command', actor: 'user:user-1', message: 'm' },
    idempotency_keys: { owner_id: owner, route: 'r', key: 'k', request_sha256: sealed },
  };
}

let database: TestDatabase;
let db: Db;
const alice = { owner: 'org-alice', rows: sampleRows('org-alice') };
const bob = { owner: 'org-bob', rows: sampleRows('org-bob') };

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
  for (const { owner, rows } of [alice, bob]) {
    await db
      .insertInto('organization')
      .values({ id: owner, name: owner, slug: owner, createdAt: new Date() })
      .execute();
    for (const [table, row] of Object.entries(rows)) await insert(db, table, row);
  }
});
afterAll(() => database.close());

describe('row-level security', () => {
  it('is tried here for every table that has an owner', async () => {
    const tables = (await tablesWithOwner(db)).filter((table) => !ONLY_FOR_US.includes(table));
    expect(tables).toEqual(Object.keys(alice.rows).sort());
  });

  it('is switched on, with a policy for the tenant role, on every table that has an owner', async () => {
    expect(await unprotectedTables(db)).toEqual(ONLY_FOR_US);
  });

  it('would be missed on a new table that forgets it', async () => {
    const other = await createTestDatabase();
    try {
      await sql`CREATE TABLE careless (owner_id text)`.execute(other.db);
      expect(await unprotectedTables(other.db)).toEqual(['careless', ...ONLY_FOR_US]);
    } finally {
      await other.close();
    }
  });
});

describe.each(Object.keys(alice.rows))('%s', (table) => {
  it('shows an owner exactly its own rows', async () => {
    const owners = await forOwner(db, alice.owner, (tx) => ownersSeen(tx, table));
    expect(owners).toEqual([alice.owner]);
  });

  it('takes no row for another owner', async () => {
    const row = sampleRows(alice.owner)[table] ?? {};
    await expect(forOwner(db, bob.owner, (tx) => insert(tx, table, row))).rejects.toMatchObject({ code: '42501' });
  });

  it('lets nobody give a row away, or change or delete a row of another', async () => {
    const name = sql.table(table);
    await expect(
      forOwner(db, bob.owner, (tx) => sql`UPDATE ${name} SET owner_id = ${alice.owner}`.execute(tx)),
    ).rejects.toMatchObject({ code: '42501' });
    const changed = await forOwner(db, bob.owner, async (tx) => {
      const updated = await sql`UPDATE ${name} SET owner_id = owner_id WHERE owner_id = ${alice.owner}`.execute(tx);
      const deleted = await sql`DELETE FROM ${name} WHERE owner_id = ${alice.owner}`.execute(tx);
      return [updated.numAffectedRows, deleted.numAffectedRows];
    });
    expect(changed).toEqual([0n, 0n]);
  });

  it('shows nothing to the tenant role when no owner is set', async () => {
    const seen = await db.transaction().execute(async (tx) => {
      await sql`SET LOCAL ROLE hypervize_tenant`.execute(tx);
      return ownersSeen(tx, table);
    });
    expect(seen).toEqual([]);
  });
});

describe('forOwner', () => {
  it('leaves neither its owner nor its role on the connection', async () => {
    const left = await db.connection().execute(async (connection) => {
      await forOwner(connection, alice.owner, () => Promise.resolve());
      return sql<{ owner: string | null; role: string }>`
        SELECT current_setting('app.owner', true) AS owner, current_user AS role`.execute(connection);
    });
    expect(left.rows[0]?.owner || null).toBeNull();
    expect(left.rows[0]?.role).not.toBe('hypervize_tenant');
  });

  it('may not touch what is only for us', async () => {
    await expect(forOwner(db, alice.owner, (tx) => ownersSeen(tx, 'mail_outbox'))).rejects.toMatchObject({
      code: '42501',
    });
  });
});

async function insert(tx: Db | Tx, table: string, row: Row): Promise<void> {
  const columns = sql.join(Object.keys(row).map((column) => sql.ref(column)));
  await sql`INSERT INTO ${sql.table(table)} (${columns}) VALUES (${sql.join(Object.values(row))})`.execute(tx);
}

async function ownersSeen(tx: Db | Tx, table: string): Promise<string[]> {
  const { rows } = await sql<{ owner_id: string }>`SELECT owner_id FROM ${sql.table(table)}`.execute(tx);
  return rows.map((row) => row.owner_id);
}

async function tablesWithOwner(of: Db): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT table_name::text AS name FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name = 'owner_id' ORDER BY 1`.execute(of);
  return rows.map((row) => row.name);
}

async function unprotectedTables(of: Db): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT c.relname::text AS name FROM pg_class c
    WHERE c.relname IN (${sql.join(await tablesWithOwner(of))}) AND c.relnamespace = 'public'::regnamespace
      AND NOT (c.relrowsecurity AND EXISTS (
        SELECT FROM pg_policies p
        WHERE p.schemaname = 'public' AND p.tablename = c.relname AND 'hypervize_tenant' = ANY (p.roles)))
    ORDER BY 1`.execute(of);
  return rows.map((row) => row.name);
}
