import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { waitForSettled } from '../../api/wait-for-settled.ts';
import { forOwner } from '../../db/client.ts';
import { readEndpointRecord } from '../../db/endpoint-document.ts';
import type { EndpointStatus } from '../../domain/endpoint.ts';
import { addNode, putInStatus } from './support/endpoints-in.ts';
import { type TestApi, type TestUser, errorOf, signUp, startTestApi } from './support/test-api.ts';

let api: TestApi;
let ada: TestUser;
let id: string;
beforeAll(async () => {
  api = await startTestApi();
  ada = await signUp(api);
});
afterAll(() => api.close());
beforeEach(async () => {
  id = await ada.provision();
});

const read = async (query = '') => ada.request('GET', `/api/endpoints/${id}${query}`);

describe('the list', () => {
  it('is newest first, in pages without a gap or a repeat, also while more are added', async () => {
    const bob = await signUp(api, 'bob');
    const made: string[] = [];
    for (let i = 0; i < 5; i++) made.unshift(await bob.provision());
    const page = async (query: string) =>
      (await bob.request('GET', `/api/endpoints?limit=2${query}`)).json as {
        items: { id: string }[];
        nextCursor: string | null;
      };
    const first = await page('');
    await bob.provision();
    const second = await page(`&cursor=${first.nextCursor}`);
    const third = await page(`&cursor=${second.nextCursor}`);
    expect([...first.items, ...second.items, ...third.items].map((item) => item.id)).toEqual(made);
    expect(third.nextCursor).toBeNull();
  });

  it('takes a limit above 100 for 100', async () => {
    expect((await ada.request('GET', '/api/endpoints?limit=100000')).status).toBe(200);
  });

  it('holds the same documents as reading one by one', async () => {
    const list = (await ada.request('GET', '/api/endpoints')).json as { items: { id: string }[] };
    expect(list.items.find((item) => item.id === id)).toEqual((await read()).json);
  });
});

describe('the document', () => {
  it.each([
    ['building', 'BUILDING'],
    ['up', 'ONLINE'],
    ['hibernated', 'SLEEPING'],
    ['waking', 'WAKING UP'],
    ['updating', 'UPDATING'],
    ['paused', 'PAUSED'],
    ['failed', 'FAILED'],
    ['deleting', 'DELETING'],
  ] as [EndpointStatus, string][])('of an endpoint that is %s has the badge %s', async (status, badge) => {
    await putInStatus(api, id, status);
    expect((await read()).json).toMatchObject({ status, badge });
  });

  it('says degraded, with the reason, only while up', async () => {
    const degraded = {
      degraded_reason: 'capacity_unavailable',
      degraded_message: 'One of two nodes could not be had.',
    };
    await putInStatus(api, id, 'up', degraded);
    expect((await read()).json).toMatchObject({
      badge: 'ONLINE · DEGRADED',
      degraded: true,
      statusReason: 'capacity_unavailable',
      statusMessage: 'One of two nodes could not be had.',
    });
    await putInStatus(api, id, 'hibernated', degraded);
    expect((await read()).json).toMatchObject({ badge: 'SLEEPING', degraded: false });
  });

  it('shows nodes without their address, token or secret, and not those that are gone', async () => {
    const endpoint = { id, ownerId: ada.ownerId };
    await addNode(api, endpoint, { state: 'terminated', endedAt: new Date() });
    const ready = await addNode(api, endpoint, { state: 'ready' });
    await addNode(api, endpoint, { state: 'draining', slot: 1 });
    await putInStatus(api, id, 'up');
    const answer = await read();
    expect(answer.json).toMatchObject({
      nodes: {
        desired: 1,
        ready: 1,
        draining: 1,
        items: [{ id: ready, state: 'ready', provider: 'local', tier: 'local-cpu' }, { state: 'draining' }],
      },
    });
    expect(answer.text).not.toMatch(/CANARY|127\.0\.0\.1:1\b/);
  });

  it('counts the cost of every node that ever ran, in whole micro-dollars', async () => {
    const endpoint = { id, ownerId: ada.ownerId };
    const hours = (n: number) => new Date(Date.UTC(2026, 0, 1, n));
    await addNode(api, endpoint, {
      state: 'terminated',
      usdMicrosPerHour: 1_234_567,
      startedAt: hours(0),
      endedAt: hours(2),
    });
    await addNode(api, endpoint, {
      state: 'stopped',
      usdMicrosPerHour: 1_000_000,
      startedAt: hours(5),
      endedAt: hours(6),
    });
    expect((await read()).json).toMatchObject({ price: { costSoFar: 3.469134 } });
  });

  it('says unknown, not free, when a price is unknown', async () => {
    await addNode(
      api,
      { id, ownerId: ada.ownerId },
      { usdMicrosPerHour: null, startedAt: new Date(Date.now() - 60_000) },
    );
    await api.database.pool.query('UPDATE pricing SET usd_micros_per_hour = NULL WHERE endpoint_id = $1', [id]);
    expect((await read()).json).toMatchObject({ price: { usdPerHour: null, costSoFar: null } });
  });

  it('tells the time that is left, never a negative one', async () => {
    await putInStatus(api, id, 'waking', { expected_ready_at: new Date(Date.now() + 40_000) });
    expect((await read()).json).toMatchObject({ etaSeconds: 40 });
    await putInStatus(api, id, 'waking', { expected_ready_at: new Date(Date.now() - 40_000) });
    expect((await read()).json).toMatchObject({ etaSeconds: 0 });
  });

  it('is shown although its secrets were sealed with a key that is gone', async () => {
    id = await ada.provision({ huggingFaceToken: 'hf_abcdefgh' });
    await api.database.pool.query("UPDATE endpoint_secrets SET ciphertext = '\\x0100' WHERE endpoint_id = $1", [id]);
    expect((await read()).json).toMatchObject({ spec: { huggingFaceToken: { set: true, last4: null } } });
  });

  it('has an ETag that changes with every version, and is never answered with 304', async () => {
    const etag = (await read()).headers.get('etag') ?? '';
    expect((await ada.request('GET', `/api/endpoints/${id}`, { headers: { 'if-none-match': etag } })).status).toBe(200);
    await putInStatus(api, id, 'up');
    expect((await read()).headers.get('etag')).not.toBe(etag);
  });
});

describe('waitFor=terminal', () => {
  const wait = (seconds = 20) => read(`?waitFor=terminal&timeout=${seconds}`);
  const statusOf = async (answer: ReturnType<typeof wait>) => ((await answer).json as { status: string }).status;

  it.each(['up', 'hibernated', 'paused', 'failed'] as const)('answers at once when it is %s', async (status) => {
    await putInStatus(api, id, status);
    const answer = await wait();
    expect([await statusOf(Promise.resolve(answer)), answer.tookMs < 2_000]).toEqual([status, true]);
  });

  it.each(['up', 'failed'] as const)('answers as soon as it is %s', async (status) => {
    const waiting = wait();
    await read();
    await putInStatus(api, id, status);
    expect(await statusOf(waiting)).toBe(status);
    expect((await waiting).tookMs).toBeLessThan(5_000);
  });

  it('answers 404 as soon as it is deleted', async () => {
    await putInStatus(api, id, 'deleting');
    const waiting = wait();
    await read();
    await putInStatus(api, id, 'deleted');
    expect([(await waiting).status, errorOf(await waiting).code]).toEqual([404, 'endpoint_not_found']);
  });

  it.each([
    ['wake', 'hibernated', 'up', {}],
    ['hibernate', 'up', 'hibernated', { sleep_generation: 1 }],
    ['pause', 'up', 'paused', {}],
    ['retry', 'failed', 'up', {}],
  ] as [string, EndpointStatus, EndpointStatus, Record<string, unknown>][])(
    'after a %s waits for its effect, not for what was before',
    async (command, from, to, more) => {
      await putInStatus(api, id, from);
      // What is up has something that can be put to sleep.
      if (from === 'up') await addNode(api, { id, ownerId: ada.ownerId });
      await ada.request('POST', `/api/endpoints/${id}/${command}`);
      const waiting = wait();
      await read();
      await putInStatus(api, id, to, more);
      expect(await statusOf(waiting)).toBe(to);
      await api.database.pool.query("UPDATE nodes SET state = 'terminated' WHERE endpoint_id = $1", [id]);
    },
  );

  it('answers as it is when time is up', async () => {
    const answer = await wait(0.3);
    expect([answer.status, (answer.json as { status: string }).status]).toEqual([200, 'building']);
    expect(answer.tookMs).toBeGreaterThan(250);
    expect((await wait(0)).status).toBe(200);
  });

  it.each(['timeout=121', 'timeout=-1', 'timeout=soon', 'waitFor=ready'])('%s is 422', async (query) => {
    expect((await read(`?waitFor=terminal&${query}`)).status).toBe(422);
  });

  it('looks when something changed, and not in between', async () => {
    await putInStatus(api, id, 'waking');
    let looks = 0;
    const waiting = waitForSettled({
      endpointId: id,
      read: () => {
        looks++;
        return forOwner(api.database.db, ada.ownerId, (tx) => readEndpointRecord(tx, id));
      },
      changes: api.deps.changes,
      timeoutMs: 1_500,
      signal: new AbortController().signal,
    });
    await putInStatus(api, id, 'waking', { stage: 'health_check' });
    expect((await waiting)?.status).toBe('waking');
    // The first look, one for the change, the last one.
    expect(looks).toBeLessThanOrEqual(3);
  });

  it('ends when the process closes, rather than hold it up', async () => {
    const closing = new AbortController();
    const waiting = waitForSettled({
      endpointId: id,
      read: () => forOwner(api.database.db, ada.ownerId, (tx) => readEndpointRecord(tx, id)),
      changes: api.deps.changes,
      timeoutMs: 60_000,
      signal: closing.signal,
    });
    closing.abort();
    expect((await waiting)?.status).toBe('building');
  });
});
