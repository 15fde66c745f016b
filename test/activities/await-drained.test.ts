import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { sql } from 'kysely';
import type { ActivityDeps } from '../../activities/deps.ts';
import { type DrainOutcome, awaitDrained } from '../../activities/hibernation.ts';
import { reportLoads } from '../../db/traffic.ts';
import { type TestDatabase, createTestDatabase } from '../support/database.ts';
import { seedEndpoint, seedOwner } from '../support/seed.ts';

let database: TestDatabase;
let endpointId: string;

beforeAll(async () => {
  database = await createTestDatabase();
}, 60_000);
afterAll(async () => {
  await database?.close();
});
beforeEach(async () => {
  await database.db.deleteFrom('proxies').execute();
  endpointId = await seedEndpoint(database.db, await seedOwner(database.db), { status: 'up' });
  await database.db.updateTable('endpoints').set({ sleep_generation: 1 }).where('id', '=', endpointId).execute();
});

const report = (proxyId: string, inFlight: number, seenVersion: number) =>
  reportLoads(database.db, proxyId, [{ endpointId, inFlight, held: 0, seenVersion, lastEndedAgeMs: null }]);

/** A deadline of nothing: one look, and what it saw. */
function look(wish: { mayStayUp: boolean } = { mayStayUp: true }): Promise<DrainOutcome> {
  const deps = { db: database.db } as unknown as ActivityDeps;
  const input = { endpointId, version: 2, deadlineSeconds: 0, ...wish };
  return new MockActivityEnvironment().run((): Promise<DrainOutcome> => awaitDrained(deps, input));
}

describe('a drain', () => {
  it('has ended when every proxy has seen it and has nothing in flight', async () => {
    await report('a', 0, 2);
    await report('b', 0, 2);
    expect(await look()).toBe('drained');
  });

  it('goes on while a proxy has not seen it', async () => {
    await report('a', 0, 2);
    await report('b', 0, 1);
    expect(await look()).toBe('deadline');
  });

  it('goes on while a proxy is silent, which may have streams in hand', async () => {
    await report('a', 0, 2);
    await report('b', 3, 1);
    await sql`UPDATE proxies SET heartbeat_at = now() - interval '16 seconds' WHERE id = 'b'`.execute(database.db);
    expect(await look()).toBe('deadline');
    await sql`UPDATE proxies SET heartbeat_at = now() - interval '16 seconds'`.execute(database.db);
    expect(await look()).toBe('deadline');
  });

  it('has ended when there is no proxy at all', async () => {
    expect(await look()).toBe('drained');
  });

  it('is called off by a request that asks for it, and by one that slipped in before an idle sleep', async () => {
    await report('a', 1, 2);
    expect(await look()).toBe('busy');
    await database.db.updateTable('endpoints').set({ wake_requested: 1 }).where('id', '=', endpointId).execute();
    expect(await look()).toBe('wake-requested');
  });

  it('is not called off by what is in flight when the owner asked for the sleep, a pause or a delete', async () => {
    await report('a', 1, 2);
    expect(await look({ mayStayUp: false })).toBe('deadline');
    await database.db.updateTable('endpoints').set({ hibernate_requested: 1 }).where('id', '=', endpointId).execute();
    expect(await look()).toBe('deadline');
  });
});
