import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { lead } from '../../db/leader.ts';
import {
  proxyLiveness,
  readIdleCandidates,
  readTraffic,
  removeDeadProxies,
  removeProxy,
  reportLoads,
} from '../../db/traffic.ts';
import { eventually } from '../support/eventually.ts';
import { startStubRuntime } from '../support/stub-runtime.ts';
import { type World, createWorld } from '../api/proxy/harness.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const load = (endpointId: string, over: object = {}) => ({
  endpointId,
  inFlight: 0,
  held: 0,
  seenVersion: 1,
  lastEndedAgeMs: null,
  ...over,
});
const silence = (proxyId: string, seconds: number) =>
  sql`UPDATE proxies SET heartbeat_at = now() - make_interval(secs => ${seconds}) WHERE id = ${proxyId}`.execute(
    world.db,
  );

describe('the traffic of an endpoint', () => {
  it('is the sum over all live proxies, read within a transaction too', async () => {
    const id = await world.endpoint({ status: 'up' });
    await reportLoads(world.db, 'p1', [load(id, { inFlight: 2, held: 1 })]);
    await reportLoads(world.db, 'p2', [load(id, { inFlight: 3 })]);
    await reportLoads(world.db, 'p3', [load(id, { inFlight: 100 })]);
    await silence('p3', 16);
    const traffic = await world.db.transaction().execute((tx) => readTraffic(tx, id));
    expect(traffic).toMatchObject({ inFlight: 5, held: 1, lastRequestEndedAt: null });
    expect(await proxyLiveness(world.db)).toEqual({ live: 2, doubtful: 1 });
    await removeProxy(world.db, 'p3');
  });

  it('is acknowledged when every live proxy has seen the version', async () => {
    const id = await world.endpoint({ status: 'up' });
    expect((await readTraffic(world.db, id)).allAcked(1)).toBe(false);
    await reportLoads(world.db, 'p1', [load(id, { seenVersion: 5 })]);
    expect((await readTraffic(world.db, id)).allAcked(5)).toBe(false);
    await reportLoads(world.db, 'p2', [load(id, { seenVersion: 4 })]);
    expect((await readTraffic(world.db, id)).allAcked(4)).toBe(true);
    expect((await readTraffic(world.db, id)).allAcked(5)).toBe(false);
    await silence('p2', 16);
    expect((await readTraffic(world.db, id)).allAcked(5)).toBe(true);
    await reportLoads(world.db, 'p2', []);
  });

  it('remembers the latest end of a request, whoever tells it last', async () => {
    const id = await world.endpoint({ status: 'up' });
    await reportLoads(world.db, 'p1', [load(id, { lastEndedAgeMs: 1_000 })]);
    const first = (await readTraffic(world.db, id)).lastRequestEndedAt?.getTime() ?? 0;
    await reportLoads(world.db, 'p2', [load(id, { lastEndedAgeMs: 60_000 })]);
    expect((await readTraffic(world.db, id)).lastRequestEndedAt?.getTime()).toBe(first);
    expect(Math.abs(Date.now() - 1_000 - first)).toBeLessThan(1_000);
  });

  it('can be reported by many at once without a deadlock', async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, () => world.endpoint({ status: 'up' })));
    const reports = (order: string[]) => order.map((id) => load(id, { lastEndedAgeMs: 0 }));
    await Promise.all(
      Array.from({ length: 20 }, (_, round) =>
        reportLoads(world.db, `p${(round % 2) + 1}`, reports(round % 2 ? ids : ids.toReversed())),
      ),
    );
    expect((await readTraffic(world.db, ids[0] ?? '')).lastRequestEndedAt).not.toBeNull();
  });

  it('of proxies that are long silent is forgotten, of others kept', async () => {
    await reportLoads(world.db, 'dead', []);
    await silence('dead', 60);
    await removeDeadProxies(world.db);
    const ids = (await world.db.selectFrom('proxies').select('id').execute()).map((row) => row.id);
    expect(ids).toEqual(expect.arrayContaining(['p1', 'p2']));
    expect(ids).not.toContain('dead');
  });
});

describe('idle candidates', () => {
  it('are endpoints that are up, may sleep, and whose window has passed', async () => {
    const stub = await startStubRuntime();
    world.onClose(() => stub.close());
    const old = { since: new Date(Date.now() - 3_600_000) };
    const make = async (row: Parameters<World['endpoint']>[0], columns: object = old) => {
      const id = await world.up(stub, { idleTimeoutSeconds: 60, ...row });
      await world.db.updateTable('endpoints').set(columns).where('id', '=', id).execute();
      return id;
    };
    const idle = await make({});
    const [justUp, minOne, asked, paused, draining, recent] = [
      await make({}, { since: new Date() }),
      await make({ minNodes: 1 }),
      await make({}, { ...old, hibernate_requested: 2 }),
      await make({}, { ...old, power: 'paused' }),
      await make({}),
      await make({}),
    ];
    await world.nodes(draining, 'draining');
    await reportLoads(world.db, 'p1', [load(recent, { lastEndedAgeMs: 5_000 })]);
    const found = (await readIdleCandidates(world.db)).map((candidate) => candidate.endpointId);
    expect(found).toContain(idle);
    for (const id of [justUp, minOne, asked, paused, draining, recent]) expect(found).not.toContain(id);
  });
});

describe('leadership', () => {
  it('belongs to one process and passes on when its connection breaks', async () => {
    const options = { connectionString: world.database.connectionString, lock: 42, retryMs: 50 };
    const first = lead(options);
    await eventually(() => first.tenureMs() !== null);
    const second = lead(options);
    await sql`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND granted`.execute(
      world.db,
    );
    await eventually(() => second.tenureMs() !== null || first.tenureMs() !== null);
    await first.close();
    await eventually(() => second.tenureMs() !== null);
    await second.close();
  });
});
