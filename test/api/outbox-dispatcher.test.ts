/** Signals reach lifecycles: once, in order, whatever fails in between. Real Postgres, a Temporal that obeys. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type Changes, createChanges } from '../../api/changes.ts';
import { type LifecycleClient, createLifecycleClient } from '../../api/lifecycle-client.ts';
import { type OutboxDispatcher, createOutboxDispatcher } from '../../api/outbox-dispatcher.ts';
import { readLifecycleBrief } from '../../db/endpoints.ts';
import { enqueueSignal } from '../../db/outbox.ts';
import { readInstallationId } from '../../db/reaper.ts';
import { type TestDatabase, createTestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeTemporal, fakeTemporal } from './support/fake-temporal.ts';

const logger = pino({ level: 'silent' });
let database: TestDatabase;
let changes: Changes;
let temporal: FakeTemporal;
let lifecycle: LifecycleClient;
let dispatchers: OutboxDispatcher[];
let pings = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(
    `INSERT INTO organization (id, name, slug, "createdAt") VALUES ('org', 'Org', 'org', now())`,
  );
  changes = createChanges({ connectionString: database.connectionString, logger });
  changes.start();
});
afterAll(async () => {
  await changes.close();
  await database.close();
});
beforeEach(async () => {
  await database.pool.query('DELETE FROM outbox');
  temporal = fakeTemporal();
  lifecycle = clientOf(temporal);
  dispatchers = [];
});
afterEach(async () => {
  await Promise.all(dispatchers.map((dispatcher) => dispatcher.close()));
});

function clientOf(fake: FakeTemporal): LifecycleClient {
  return createLifecycleClient({
    workflows: fake.workflows,
    withDeadline: (_deadlineMs, call) => call(),
    readBrief: (id) => readLifecycleBrief(database.db, id),
    readInstallationId: () => readInstallationId(database.db),
    ping: async () => {
      pings++;
      if (fake.trouble) throw fake.trouble;
    },
  });
}

function dispatch(pollMs = 60_000): OutboxDispatcher {
  const dispatcher = createOutboxDispatcher({ db: database.db, lifecycle, changes, logger, pollMs });
  dispatchers.push(dispatcher);
  dispatcher.start();
  return dispatcher;
}

async function newEndpoint(status = 'building'): Promise<string> {
  const id = `endpt-${randomBytes(6).toString('hex')}`;
  const spec = JSON.stringify({ model: 'org/model' });
  await database.pool.query(
    "INSERT INTO endpoints (id, owner_id, created_by, name, spec, status) VALUES ($1, 'org', 'user:1', 'n', $2, $3)",
    [id, spec, status],
  );
  return id;
}

const add = (endpointId: string, signal: string, payload: Record<string, unknown> = {}) =>
  enqueueSignal(database.db, { endpointId, signal, payload });
const pending = async () =>
  Number((await database.pool.query('SELECT count(*) AS n FROM outbox WHERE delivered_at IS NULL')).rows[0].n);
const allDelivered = () => eventually(async () => (await pending()) === 0, { message: 'everything is delivered' });

describe('the outbox dispatcher', () => {
  it('delivers as soon as a signal is committed, without waiting for the poll', async () => {
    dispatch();
    const id = await newEndpoint();
    await add(id, 'start');
    await add(id, 'specChanged', { generation: 1 });
    await allDelivered();
    expect(temporal.calls).toEqual([`start ${id}`, `specChanged ${id}`]);
    expect(temporal.payloads).toEqual([{ generation: 1 }]);
  });

  it('delivers what was left by a process that died', async () => {
    const id = await newEndpoint();
    await add(id, 'start');
    dispatch();
    await allDelivered();
    expect(temporal.calls).toEqual([`start ${id}`]);
  });

  it('keeps the order within an endpoint, and lets no endpoint wait for another', async () => {
    const [a, b] = [await newEndpoint(), await newEndpoint()];
    const gate = Promise.withResolvers<void>();
    const start = temporal.workflows.start.bind(temporal.workflows);
    temporal.workflows.start = async (type, options) => {
      if (options.workflowId === a) await gate.promise;
      return start(type, options);
    };
    await add(a, 'start');
    await add(a, 'specChanged');
    await add(b, 'start');
    await add(b, 'specChanged');
    dispatch();
    await eventually(() => temporal.calls.length === 2);
    expect(temporal.calls).toEqual([`start ${b}`, `specChanged ${b}`]);
    gate.resolve();
    await allDelivered();
    expect(temporal.calls.slice(2)).toEqual([`start ${a}`, `specChanged ${a}`]);
  });

  it('tries again after a failure, in order, and tells why it waited', async () => {
    const id = await newEndpoint();
    temporal.trouble = new Error('Temporal is away');
    await add(id, 'start');
    await add(id, 'specChanged');
    dispatch(100);
    const failed = await eventually(async () => {
      const { rows } = await database.pool.query(
        'SELECT last_error FROM outbox WHERE last_error IS NOT NULL ORDER BY id',
      );
      return rows.length === 2 ? rows : null;
    });
    expect(failed.map((row) => row.last_error)).toEqual(['Temporal is away', expect.stringMatching(/away|before it/)]);
    expect(temporal.calls).toEqual([]);
    pings = 0;
    await eventually(() => pings > 0);
    // As after a long outage: the next attempts are far away, and still nobody waits for them.
    await database.pool.query("UPDATE outbox SET next_attempt_at = now() + interval '1 hour'");
    temporal.trouble = null;
    await allDelivered();
    expect(temporal.calls).toEqual([`start ${id}`, `specChanged ${id}`]);
  });

  it('lets no signal overtake one of the same endpoint that failed', async () => {
    const id = await newEndpoint();
    temporal.running.add(id);
    const getHandle = temporal.workflows.getHandle.bind(temporal.workflows);
    let failures = 1;
    temporal.workflows.getHandle = (workflowId) => {
      const handle = getHandle(workflowId);
      return {
        async signal(name, payload) {
          if (name === 'wake' && failures-- > 0) throw new Error('once');
          await handle.signal(name, payload);
        },
      };
    };
    await add(id, 'wake');
    await add(id, 'specChanged');
    dispatch(50);
    await allDelivered();
    expect(temporal.calls).toEqual([`wake ${id}`, `specChanged ${id}`]);
  });

  it('delivers once though several processes look at once', async () => {
    const ids = await Promise.all(Array.from({ length: 40 }, () => newEndpoint()));
    await Promise.all(ids.map((id) => add(id, 'start')));
    for (let i = 0; i < 4; i++) dispatch(50);
    await allDelivered();
    expect(temporal.calls.sort()).toEqual(ids.map((id) => `start ${id}`).sort());
  });

  it('finishes what it has taken before it closes, and takes no more', async () => {
    const id = await newEndpoint();
    const gate = Promise.withResolvers<void>();
    temporal.gate = gate.promise;
    await add(id, 'start');
    const dispatcher = dispatch();
    await eventually(async () => (await database.pool.query('SELECT 1 FROM outbox WHERE attempts > 0')).rowCount === 1);
    const closed = dispatcher.close();
    gate.resolve();
    await closed;
    expect(temporal.calls).toEqual([`start ${id}`]);
    await add(id, 'specChanged');
    dispatcher.poke();
    await dispatcher.close();
    expect(temporal.calls).toEqual([`start ${id}`]);
    expect(await pending()).toBe(1);
  });

  it('never throws, also when Postgres is away', async () => {
    const closedDatabase = await createTestDatabase();
    await closedDatabase.close();
    const dispatcher = createOutboxDispatcher({ db: closedDatabase.db, lifecycle, changes, logger, pollMs: 10 });
    dispatchers.push(dispatcher);
    dispatcher.start();
    dispatcher.poke();
    await expect(dispatcher.close()).resolves.toBeUndefined();
  });
});

describe('the lifecycle client', () => {
  it('starts a lifecycle with all that its readers in the Web UI need, and no secret or owner', async () => {
    const id = await newEndpoint();
    await lifecycle.ensureStarted(id);
    const [options] = temporal.started;
    expect(options).toMatchObject({
      workflowId: id,
      taskQueue: `hypervize-${await readInstallationId(database.db)}`,
      args: [{ endpointId: id }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      workflowIdConflictPolicy: 'FAIL',
      workflowTaskTimeout: '5s',
      memo: { model: 'org/model' },
      staticSummary: 'org/model',
    });
    const attributes = JSON.stringify(options?.typedSearchAttributes);
    expect(attributes).toContain('org/model');
    expect(attributes).toContain('building');
    expect(attributes).not.toContain('"org"');
  });

  it('takes a lifecycle that runs, or has ended well, for success', async () => {
    const id = await newEndpoint();
    await lifecycle.ensureStarted(id);
    await lifecycle.ensureStarted(id);
    temporal.running.delete(id);
    temporal.completed.add(id);
    await lifecycle.ensureStarted(id);
    expect(temporal.calls).toEqual([`start ${id}`]);
  });

  it('starts a missing lifecycle before it signals it', async () => {
    const id = await newEndpoint('hibernated');
    await lifecycle.signal(id, 'wake', { sleepGeneration: 1 });
    expect(temporal.calls).toEqual([`start ${id}`, `wake ${id}`]);
  });

  it('lets a deleted or unknown endpoint rest', async () => {
    const id = await newEndpoint('deleted');
    await lifecycle.ensureStarted(id);
    await lifecycle.signal(id, 'specChanged', {});
    await lifecycle.signal('endpt-000000000000', 'specChanged', {});
    expect(temporal.calls).toEqual([]);
  });

  it('throws what it cannot deliver, and says whether Temporal is there', async () => {
    const id = await newEndpoint();
    expect(await lifecycle.isReachable()).toBe(true);
    temporal.trouble = new Error('away');
    await expect(lifecycle.ensureStarted(id)).rejects.toThrow('away');
    await expect(lifecycle.signal(id, 'wake', {})).rejects.toThrow('away');
    expect(await lifecycle.isReachable()).toBe(false);
  });
});
