import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { forOwner } from '../../db/client.ts';
import { claimSignals, enqueueSignal, markDelivered, postponeSignal } from '../../db/outbox.ts';
import { type TestDatabase, createTestDatabase } from '../support/database.ts';

const endpointId = 'endpt-0123456789ab';
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(() => database.db.deleteFrom('outbox').execute());

/** Lets `seconds` pass for everything that waits in the outbox. */
async function letPass(seconds: number): Promise<void> {
  await sql`UPDATE outbox SET next_attempt_at = next_attempt_at - make_interval(secs => ${seconds})`.execute(
    database.db,
  );
}

describe('the signal outbox', () => {
  it('hands out signals in the order in which they were written, as they were written', async () => {
    const { db } = database;
    await enqueueSignal(db, { endpointId, signal: 'start' });
    await enqueueSignal(db, { endpointId, signal: 'scale', payload: { desiredNodes: 2 } });
    const claimed = await claimSignals(db, 10);
    expect(claimed.map(({ signal, payload, attempts }) => ({ signal, payload, attempts }))).toEqual([
      { signal: 'start', payload: {}, attempts: 1 },
      { signal: 'scale', payload: { desiredNodes: 2 }, attempts: 1 },
    ]);
  });

  it('keeps one row per dedupe key, whoever asks and however many at once', async () => {
    const { db } = database;
    const wake = { endpointId, signal: 'wake', dedupeKey: `wake:${endpointId}:1` };
    const added = await Promise.all(Array.from({ length: 20 }, () => enqueueSignal(db, wake)));
    expect(added.filter(Boolean)).toHaveLength(1);
    expect(await enqueueSignal(db, { ...wake, dedupeKey: `wake:${endpointId}:2` })).toBe(true);
    expect(await claimSignals(db, 10)).toHaveLength(2);
  });

  it('never merges signals without a dedupe key', async () => {
    const { db } = database;
    expect(await enqueueSignal(db, { endpointId, signal: 'specChanged' })).toBe(true);
    expect(await enqueueSignal(db, { endpointId, signal: 'specChanged' })).toBe(true);
  });

  it('loses a signal together with the change that it tells of, and only then', async () => {
    const { db } = database;
    const rolledBack = db.transaction().execute(async (tx) => {
      await enqueueSignal(tx, { endpointId, signal: 'specChanged' });
      throw new Error('the change failed');
    });
    await expect(rolledBack).rejects.toThrow('the change failed');
    expect(await claimSignals(db, 10)).toEqual([]);
  });

  it('takes signals from a transaction that acts for an owner', async () => {
    const { db } = database;
    const signal = { endpointId, signal: 'wake', dedupeKey: `wake:${endpointId}:1` };
    expect(await forOwner(db, 'org-1', (tx) => enqueueSignal(tx, signal))).toBe(true);
    expect(await forOwner(db, 'org-1', (tx) => enqueueSignal(tx, signal))).toBe(false);
  });

  it('gives each signal to one of many claimers', async () => {
    const { db } = database;
    for (let i = 0; i < 30; i += 1) await enqueueSignal(db, { endpointId, signal: 'wake' });
    const claims = await Promise.all(Array.from({ length: 6 }, () => claimSignals(db, 10)));
    const ids = claims.flat().map((signal) => signal.id);
    expect(new Set(ids).size).toBe(ids.length);
    const rest = await claimSignals(db, 30);
    expect(ids.length + rest.length).toBe(30);
  });

  it('gives a signal to somebody else when its claimer died', async () => {
    const { db } = database;
    await enqueueSignal(db, { endpointId, signal: 'wake' });
    const [first] = await claimSignals(db, 10);
    expect(await claimSignals(db, 10)).toEqual([]);
    await letPass(11);
    expect(await claimSignals(db, 10)).toEqual([{ ...first, attempts: 2 }]);
  });

  it('never gives out a delivered signal again', async () => {
    const { db } = database;
    await enqueueSignal(db, { endpointId, signal: 'wake' });
    const [signal] = await claimSignals(db, 10);
    await markDelivered(db, signal?.id ?? 0);
    await letPass(3600);
    expect(await claimSignals(db, 10)).toEqual([]);
  });

  it.each([
    { attempts: 1, waitSeconds: 1 },
    { attempts: 3, waitSeconds: 4 },
    { attempts: 50, waitSeconds: 30 },
  ])('waits $waitSeconds s after attempt $attempts', async ({ attempts, waitSeconds }) => {
    const { db } = database;
    await enqueueSignal(db, { endpointId, signal: 'wake' });
    const [signal] = await claimSignals(db, 10);
    // Within a transaction now() stands still, so the wait can be told exactly.
    const waits = await db.transaction().execute(async (tx) => {
      await postponeSignal(tx, signal?.id ?? 0, attempts, 'Temporal is away');
      return sql<{ seconds: number }>`
        SELECT extract(epoch FROM next_attempt_at - now())::float8 AS seconds FROM outbox`.execute(tx);
    });
    expect(waits.rows).toEqual([{ seconds: waitSeconds }]);
    expect(await claimSignals(db, 10)).toEqual([]);
  });

  it('tells listeners of a new signal', async () => {
    const guest = await database.pool.connect();
    try {
      const told = new Promise<string | undefined>((resolve) => {
        guest.once('notification', (message) => resolve(message.payload));
      });
      await guest.query('LISTEN outbox_added');
      await enqueueSignal(database.db, { endpointId, signal: 'wake' });
      expect(await told).toBe(endpointId);
    } finally {
      await guest.query('UNLISTEN *');
      guest.release();
    }
  });
});
