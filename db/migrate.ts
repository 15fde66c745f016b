/**
 * Migrations: plain SQL files, forward only, applied in order under an advisory lock (kysely's Migrator),
 * so that any number of processes may start at once. Run as `npm run migrate`, or at boot.
 */
import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { type Db, createDbClient } from './client.ts';

const FOLDER = new URL('./migrations/', import.meta.url);

/** Applies what is missing; returns the names applied. Throws when a file fails, leaving earlier ones applied. */
export async function migrateToLatest(db: Db): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: readMigrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw error;
  return (results ?? []).map((result) => result.migrationName);
}

async function readMigrations(): Promise<Record<string, Migration>> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort();
  const migrations: Record<string, Migration> = {};
  for (const name of names) {
    const text = await readFile(new URL(name, FOLDER), 'utf8');
    migrations[name.replace(/\.sql$/, '')] = {
      up: async (db) => {
        await sql.raw(text).execute(db);
      },
    };
  }
  return migrations;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { loadConfig } = await import('../config.ts');
  const client = createDbClient({ connectionString: loadConfig().databaseUrl });
  try {
    const applied = await migrateToLatest(client.db);
    process.stdout.write(applied.length > 0 ? `applied ${applied.join(', ')}\n` : 'nothing to apply\n');
  } finally {
    await client.close();
  }
}
