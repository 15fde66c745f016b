import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { type StubRuntime, startStubRuntime } from '../../support/stub-runtime.ts';
import { CHAT, OWNER_A, STREAM, type TestProxy, type World, chatUrl, createWorld, errorOf, send } from './harness.ts';

let world: World;
let at: TestProxy;
let key: string;

beforeAll(async () => {
  world = await createWorld();
  key = await world.key(OWNER_A);
  // The monitor's own looks are left out, so that what is seen here is the proxy's doing.
  at = await world.proxy({ timings: { nodeCheckMs: 3_600_000 } });
});
afterAll(() => world.close());

const stubbed = async (options: Parameters<typeof startStubRuntime>[0] = {}): Promise<StubRuntime> => {
  const stub = await startStubRuntime(options);
  world.onClose(() => stub.close());
  return stub;
};
const chat = (id: string, body: object = CHAT, headers: Record<string, string> = {}) =>
  send(chatUrl(at, id), { key, body, headers });
const up = async (...stubs: StubRuntime[]) => {
  const id = await world.endpoint({ status: 'building' });
  for (const [slot, stub] of stubs.entries()) await world.node(id, stub, { slot });
  await world.set(id, { status: 'up' });
  await eventually(
    async () => (await send(`${at.url}/api/d/${id}/health?ready=1`, { method: 'GET', key })).status === 200,
  );
  return id;
};

describe('a node that is lost before it answers', () => {
  it('costs nothing while another serves, gets no more requests, and is reported once', async () => {
    const [dead, alive] = [await stubbed(), await stubbed()];
    const id = await up(dead, alive);
    await dead.close();
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => chat(id, index % 2 ? STREAM : CHAT)));
    expect(answers.map((answer) => answer.status)).toEqual(Array(8).fill(200));
    expect((await chat(id)).status).toBe(200);
    expect(alive.requests.length).toBe(9);
    await eventually(async () => (await world.signals(id, 'nodeLost')).length > 0);
    expect(await world.signals(id, 'nodeLost')).toHaveLength(1);
    expect((await world.signals(id, 'nodeLost'))[0]?.payload).toEqual({ nodeId: expect.stringMatching(/^node-/) });
  });

  it('lets its request wait for the next node when it was the only one', async () => {
    const dead = await stubbed();
    const id = await up(dead);
    await dead.close();
    const asked = [chat(id), chat(id, STREAM)];
    await world.held(at, 2);
    await eventually(async () => (await world.signals(id, 'nodeLost')).length === 1);
    await world.set(id, { status: 'waking' });
    await world.nodes(id, 'terminated');
    await world.node(id, await stubbed());
    await world.set(id, { status: 'up' });
    for (const answer of await Promise.all(asked)) expect([answer.status, answer.cut]).toEqual([200, false]);
  });

  it('is answered with 502 node_lost when no node comes in time', async () => {
    const dead = await stubbed();
    const id = await up(dead);
    await dead.close();
    const answer = await chat(id, CHAT, { 'x-scale-up-timeout': '0.3' });
    expect([answer.status, errorOf(answer)['code'], answer.headers['x-should-retry']]).toEqual([
      502,
      'node_lost',
      'true',
    ]);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  });

  it('is tried once more, never twice', async () => {
    const flaky = await stubbed({ resetsLeft: 1 });
    const id = await up(flaky);
    expect((await chat(id)).status).toBe(200);
    expect(flaky.requests.length).toBe(2);
    flaky.script.resetsLeft = 10;
    const answer = await chat(id);
    expect([answer.status, errorOf(answer)['code'], flaky.requests.length]).toEqual([502, 'node_lost', 4]);
    flaky.script.resetsLeft = 0;
    await eventually(async () => (await chat(id)).status === 200);
    // It answers its health probe, so it never was lost.
    expect(await world.signals(id, 'nodeLost')).toEqual([]);
  });

  it('serves again once its health says so', async () => {
    const stub = await stubbed({ loading: true });
    const id = await up(stub);
    const asked = chat(id);
    await world.held(at, 1);
    stub.script.loading = false;
    expect((await asked).status).toBe(200);
  });

  it('does not find idle connections that the node has closed', async () => {
    const stub = await stubbed();
    const id = await up(stub);
    expect((await chat(id)).status).toBe(200);
    const { port, secret } = stub;
    await stub.close();
    const again = await stubbed({ port, secret });
    const answer = await chat(id);
    expect([answer.status, again.requests.length]).toEqual([200, 1]);
  });
});

describe('a stranger at the address of a node', () => {
  it('is recognized by its secret, gets no second request, and is reported', async () => {
    const [stranger, alive] = [await stubbed(), await stubbed()];
    const id = await world.endpoint({ status: 'building' });
    await world.node(id, stranger, { slot: 0, secret: 'the secret of the node that was here' });
    await world.node(id, alive, { slot: 1 });
    await world.set(id, { status: 'up' });
    await eventually(
      async () => (await send(`${at.url}/api/d/${id}/health?ready=1`, { method: 'GET', key })).status === 200,
    );
    for (let index = 0; index < 4; index += 1) expect((await chat(id)).status).toBe(200);
    expect([stranger.strangers, alive.requests.length]).toEqual([1, 4]);
    await eventually(async () => (await world.signals(id, 'nodeLost')).length === 1);
  });
});

describe('without Postgres', () => {
  it('what is up is served, and a sleeper answers wake_unavailable', async () => {
    const lonely = await createWorld();
    const stub = await startStubRuntime();
    const ownKey = await lonely.key(OWNER_A);
    const id = await lonely.up(stub);
    const sleeper = await lonely.endpoint({ status: 'hibernated' });
    const proxy = await lonely.proxy({ timings: { wakeWriteMs: 500, refreshMs: 100 } });
    const ask = (endpointId: string) => send(chatUrl(proxy, endpointId), { key: ownKey, body: CHAT });
    expect((await ask(id)).status).toBe(200);
    await lonely.database.close();
    for (let index = 0; index < 3; index += 1) {
      expect((await ask(id)).status).toBe(200);
      const refused = await ask(sleeper);
      expect([refused.status, errorOf(refused)['code'], refused.headers['x-should-retry']]).toEqual([
        503,
        'wake_unavailable',
        'true',
      ]);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    }
    await proxy.close();
    await stub.close();
  });
});
