import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase } from './database.ts';

describe('createTestDatabase', () => {
  it('gives migrated databases that share nothing, also when many are asked for at once', async () => {
    const databases = await Promise.all(Array.from({ length: 12 }, () => createTestDatabase()));
    try {
      await databases[0]?.db.insertInto('proxies').values({ id: 'proxy-1' }).execute();
      const rows = await Promise.all(databases.map(({ db }) => db.selectFrom('proxies').select('id').execute()));
      expect(rows.map((found) => found.length)).toEqual([1, ...Array.from({ length: 11 }, () => 0)]);
    } finally {
      await Promise.all(databases.map((database) => database.close()));
    }
  });

  it('drops its database on close, although somebody is still connected', async () => {
    const [kept, dropped] = [await createTestDatabase(), await createTestDatabase()];
    try {
      const guest = new pg.Client({ connectionString: dropped.connectionString });
      guest.on('error', () => {});
      await guest.connect();
      const name = new URL(dropped.connectionString).pathname.slice(1);
      await dropped.close();
      const found = await kept.pool.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      expect(found.rowCount).toBe(0);
    } finally {
      await kept.close();
    }
  });
});
