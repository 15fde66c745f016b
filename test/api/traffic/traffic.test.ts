import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readTraffic } from '../../../db/traffic.ts';
import { eventually } from '../../support/eventually.ts';
import { type StubRuntime, startStubRuntime } from '../../support/stub-runtime.ts';
import { CHAT, OWNER_A, STREAM, type TestProxy, type World, chatUrl, createWorld, send } from '../proxy/harness.ts';

let world: World;
let at: TestProxy;
let other: TestProxy;
let key: string;

beforeAll(async () => {
  world = await createWorld();
  key = await world.key(OWNER_A);
  // Heartbeats so rare that what must be told sooner is seen to be.
  const timings = { heartbeatMs: 3_000, idleCheckMs: 100, nodeCheckMs: 100, probeMs: 300 };
  at = await world.proxy({ timings });
  other = await world.proxy({ timings });
});
afterAll(() => world.close());

const stubbed = async (options: Parameters<typeof startStubRuntime>[0] = {}): Promise<StubRuntime> => {
  const stub = await startStubRuntime(options);
  world.onClose(() => stub.close());
  return stub;
};
const chat = (id: string, body: object = CHAT, headers: Record<string, string> = {}) =>
  send(chatUrl(at, id), { key, body, headers });
const up = async (stub: StubRuntime, row: Parameters<World['endpoint']>[0] = {}) => {
  const id = await world.up(stub, row);
  await eventually(
    async () => (await send(`${at.url}/api/d/${id}/health?ready=1`, { method: 'GET', key })).status === 200,
  );
  return id;
};

describe('load reports', () => {
  it('tell within half a second that an endpoint became busy, and that it became idle', async () => {
    const stub = await stubbed({ hang: true });
    const id = await up(stub);
    const controller = new AbortController();
    const asked = send(chatUrl(at, id), { key, body: CHAT, signal: controller.signal }).catch(() => null);
    await eventually(async () => (await readTraffic(world.db, id)).inFlight === 1, { timeoutMs: 1_000 });
    expect((await readTraffic(world.db, id)).lastRequestEndedAt).toBeNull();
    controller.abort();
    await asked;
    const traffic = await eventually(
      async () => {
        const now = await readTraffic(world.db, id);
        return now.inFlight === 0 && now.lastRequestEndedAt ? now : null;
      },
      { timeoutMs: 1_000 },
    );
    expect(Date.now() - (traffic.lastRequestEndedAt?.getTime() ?? 0)).toBeLessThan(1_500);
  });

  it('do not count what is refused here or by the node', async () => {
    const stub = await stubbed({ errorStatus: 400 });
    const id = await up(stub);
    await chat(id);
    await send(chatUrl(at, id), { body: CHAT });
    await send(chatUrl(at, id), { key, body: '{"bad' });
    await send(`${at.url}/api/d/${id}/models`, { method: 'GET', key });
    expect(stub.requests.length).toBe(1);
    stub.script.errorStatus = null;
    const second = await up(await stubbed());
    await chat(second);
    await eventually(async () => (await readTraffic(world.db, second)).lastRequestEndedAt);
    expect((await readTraffic(world.db, id)).lastRequestEndedAt).toBeNull();
  });

  it('acknowledge a drain at once from every proxy, and its end when the last request ends', async () => {
    const stub = await stubbed({ tokens: 20, tokenMs: 50 });
    const id = await up(stub);
    const stream = chat(id, STREAM);
    await eventually(async () => (await readTraffic(world.db, id)).inFlight === 1);
    const startedAtMs = performance.now();
    await world.db.updateTable('nodes').set({ state: 'draining' }).where('endpoint_id', '=', id).execute();
    const version = await world.set(id, { sleep_generation: 2 });
    await eventually(async () => (await readTraffic(world.db, id)).allAcked(version), { intervalMs: 10 });
    expect(performance.now() - startedAtMs).toBeLessThan(800);
    expect((await readTraffic(world.db, id)).inFlight).toBe(1);
    expect((await stream).body).toContain('[DONE]');
    const endedAtMs = performance.now();
    await eventually(async () => (await readTraffic(world.db, id)).inFlight === 0, { intervalMs: 10 });
    expect(performance.now() - endedAtMs).toBeLessThan(500);
  });
});

describe('the idle monitor', () => {
  it('signals an endpoint once its window has passed after the last request ended, and only once', async () => {
    const stub = await stubbed({ tokens: 30, tokenMs: 50 });
    const id = await up(stub, { idleTimeoutSeconds: 1 });
    const answer = await chat(id, STREAM);
    // It ran longer than the window, and nobody called it idle.
    expect(answer.body).toContain('[DONE]');
    expect(await world.signals(id, 'idleTimeout')).toEqual([]);
    const [signal] = await eventually(async () => {
      const found = await world.signals(id, 'idleTimeout');
      return found.length > 0 ? found : null;
    });
    const ended = (await readTraffic(world.db, id)).lastRequestEndedAt?.getTime() ?? 0;
    expect((signal?.created_at.getTime() ?? 0) - ended).toBeGreaterThanOrEqual(1_000);
    // Two proxies, many looks: still the same idleness.
    await eventually(async () => (await world.db.selectFrom('proxies').selectAll().execute()).length === 2);
    expect(await world.signals(id, 'idleTimeout')).toHaveLength(1);
  });

  it('lets probes, lists and refused requests keep nothing awake', async () => {
    const id = await up(await stubbed(), { idleTimeoutSeconds: 1 });
    await eventually(
      async () => {
        await send(`${at.url}/api/d/${id}/health`, { method: 'GET', key });
        await send(`${at.url}/api/d/${id}/models`, { method: 'GET', key });
        await send(chatUrl(at, id), { body: CHAT });
        await send(chatUrl(at, id), { key, body: '{' });
        return (await world.signals(id, 'idleTimeout')).length === 1;
      },
      { timeoutMs: 4_000 },
    );
  });
});

describe('the node watch', () => {
  const nodeLost = (id: string) =>
    eventually(async () => {
      const found = await world.signals(id, 'nodeLost');
      return found.length > 0 ? found : null;
    });

  it('reports a node that is gone without waiting for a request, once', async () => {
    const stub = await stubbed();
    const id = await up(stub);
    await stub.close();
    expect(await nodeLost(id)).toHaveLength(1);
  });

  it('reports a node that fails three times in a row, and no healthy one', async () => {
    const [failing, healthy] = [await stubbed(), await stubbed()];
    const id = await up(failing);
    const fine = await up(healthy);
    failing.script.health = 500;
    expect(await nodeLost(id)).toHaveLength(1);
    expect(failing.healthProbes).toBeGreaterThanOrEqual(3);
    expect(await world.signals(fine, 'nodeLost')).toEqual([]);
  });

  it('goes on from another process when the first ends', async () => {
    await at.close();
    const stub = await stubbed();
    const id = await world.up(stub);
    await stub.close();
    expect(await nodeLost(id)).toHaveLength(1);
    expect(other.proxy.status().routeTableAgeMs).not.toBeNull();
  });
});
