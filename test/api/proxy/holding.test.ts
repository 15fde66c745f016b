import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { eventually } from '../../support/eventually.ts';
import { type StubRuntime, startStubRuntime } from '../../support/stub-runtime.ts';
import { CHAT, OWNER_A, STREAM, type TestProxy, type World, chatUrl, createWorld, errorOf, send } from './harness.ts';

let world: World;
let at: TestProxy;
let other: TestProxy;
let key: string;

beforeAll(async () => {
  world = await createWorld();
  key = await world.key(OWNER_A);
  const timings = { uncommittedMs: 200, commentMs: 100 };
  at = await world.proxy({ timings });
  other = await world.proxy({ timings });
});
afterAll(() => world.close());

const stubbed = async (options: Parameters<typeof startStubRuntime>[0] = {}): Promise<StubRuntime> => {
  const stub = await startStubRuntime(options);
  world.onClose(() => stub.close());
  return stub;
};
const chat = (id: string, body: object = CHAT, headers: Record<string, string> = {}, through = at) =>
  send(chatUrl(through, id), { key, body, headers });
/** Until both proxies know the endpoint. */
const known = async (id: string, status: string) => {
  for (const proxy of [at, other]) {
    await eventually(async () => {
      const health = await send(`${proxy.url}/api/d/${id}/health`, { method: 'GET', key });
      return health.status === 200 && (JSON.parse(health.body) as { status: string }).status === status;
    });
  }
};
const asleep = async (row: Parameters<World['endpoint']>[0] = {}) => {
  const id = await world.endpoint({ status: 'hibernated', ...row });
  await known(id, 'hibernated');
  return id;
};
/** The lifecycle's part of a wake. */
const bringUp = async (id: string, stub: StubRuntime) => {
  await world.node(id, stub);
  await world.set(id, { status: 'up', stage: null, expected_ready_at: null, status_message: '' });
};

describe('a request right after the owner', () => {
  // The wish is committed; its notification may still be on the way.
  it.each([
    ['resumed a paused endpoint', { status: 'paused', power: 'paused' }, { power: 'on' as const }],
    ['asked to retry a failed one', { status: 'failed', failure_generation: 2 }, { retry_requested: 2 }],
  ])('%s is held, not refused', async (_, before, wish) => {
    const id = await world.endpoint({ status: 'hibernated' });
    await world.set(id, before);
    await known(id, before.status);
    await world.db.updateTable('endpoints').set(wish).where('id', '=', id).execute();
    const answer = chat(id);
    await world.held(at, 1);
    await bringUp(id, await stubbed());
    expect((await answer).status).toBe(200);
  });
});

describe('requests to a sleeping endpoint', () => {
  it('cause one wake, however many come through however many proxies, and are all answered', async () => {
    const id = await asleep();
    const stub = await stubbed({ tokenMs: 5 });
    const asked = Array.from({ length: 40 }, (_, index) =>
      chat(id, index % 2 ? STREAM : CHAT, {}, index % 4 < 2 ? at : other),
    );
    await Promise.all([world.held(at, 20), world.held(other, 20)]);
    await eventually(async () => (await world.signals(id, 'wake')).length === 1);
    expect((await world.signals(id, 'wake'))[0]).toMatchObject({
      payload: { sleepGeneration: 1 },
      dedupe_key: `wake:${id}:1`,
    });
    expect(
      await world.db.selectFrom('endpoints').select('wake_requested').where('id', '=', id).executeTakeFirst(),
    ).toEqual({ wake_requested: 1 });
    await world.set(id, { status: 'waking' });
    await bringUp(id, stub);
    for (const answer of await Promise.all(asked)) {
      expect([answer.status, answer.cut, answer.headers['x-cold-start']]).toEqual([200, false, 'true']);
      expect(answer.body).toContain('tok2');
    }
    expect(stub.requests.length).toBe(40);
    // Two proxies, four each.
    expect(stub.inFlightMax).toBeLessThanOrEqual(8);
    expect(await world.signals(id, 'wake')).toHaveLength(1);
    expect([at.proxy.status().held, at.proxy.status().inFlight]).toEqual([0, 0]);
  });

  it('are released in order, and no more at once than the node takes', async () => {
    const id = await asleep({ targetConcurrency: 1 });
    const stub = await stubbed({ firstTokenMs: 30 });
    const asked: Promise<unknown>[] = [];
    for (let index = 0; index < 10; index += 1) {
      asked.push(chat(id, { ...CHAT, index }));
      await world.held(at, index + 1);
    }
    await bringUp(id, stub);
    await Promise.all(asked);
    expect(stub.requests.map((request) => (JSON.parse(request.body.toString()) as { index: number }).index)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    expect(stub.inFlightMax).toBe(1);
  });

  it('wake it again after each sleep', async () => {
    const id = await asleep();
    for (let sleep = 1; sleep <= 3; sleep += 1) {
      const stub = await stubbed();
      const asked = chat(id);
      await eventually(async () => (await world.signals(id, 'wake')).length === sleep);
      await bringUp(id, stub);
      expect((await asked).status).toBe(200);
      await world.nodes(id, 'terminated');
      await world.set(id, { status: 'hibernated', sleep_generation: sleep + 1 });
      await known(id, 'hibernated');
    }
  });

  it('are held while it is built for the first time', async () => {
    const id = await world.endpoint({ status: 'building' });
    await known(id, 'building');
    const asked = chat(id);
    await world.held(at, 1);
    await bringUp(id, await stubbed());
    expect((await asked).status).toBe(200);
    expect(await world.signals(id, 'wake')).toEqual([]);
  });

  it('leave the queue when their client hangs up; the wake goes on', async () => {
    const id = await asleep();
    const stub = await stubbed();
    const controller = new AbortController();
    const gone = send(chatUrl(at, id), { key, body: CHAT, signal: controller.signal }).catch(() => 'gone');
    await world.held(at, 1);
    controller.abort();
    await world.held(at, 0);
    expect(await gone).toBe('gone');
    await eventually(async () => (await world.signals(id, 'wake')).length === 1);
    await bringUp(id, stub);
    expect((await chat(id)).status).toBe(200);
    expect(stub.requests.length).toBe(1);
  });

  it('beyond the limit of the queue get 429, by count and by bytes, and the held ones are answered', async () => {
    const small = await world.proxy({ wakeQueueMax: 10, wakeQueueBytesMax: 4096 });
    const id = await asleep();
    const held = Array.from({ length: 10 }, () => chat(id, CHAT, {}, small));
    await world.held(small, 10);
    const surplus = await chat(id, CHAT, {}, small);
    expect([surplus.status, errorOf(surplus)['code'], surplus.headers['x-should-retry']]).toEqual([
      429,
      'wake_queue_full',
      'true',
    ]);
    expect(Number(surplus.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(Number(surplus.headers['retry-after'])).toBeLessThanOrEqual(60);
    const second = await asleep();
    const large = { ...CHAT, padding: 'x'.repeat(3000) };
    const fits = chat(second, large, {}, small);
    await world.held(small, 11);
    expect((await chat(second, large, {}, small)).status).toBe(429);
    const stub = await stubbed();
    await Promise.all([bringUp(id, stub), bringUp(second, stub)]);
    for (const answer of await Promise.all([...held, fits])) expect(answer.status).toBe(200);
    await small.close();
  });
});

describe('the time to hold', () => {
  it('ends with 503, the stage and when to come back', async () => {
    const id = await asleep();
    await world.set(id, { status: 'waking', stage: 'loading', expected_ready_at: new Date(Date.now() + 40_000) });
    await known(id, 'waking');
    const answer = await chat(id, CHAT, { 'x-scale-up-timeout': '0.2' });
    const eta = (JSON.parse(answer.body) as { endpoint: { etaSeconds: number } }).endpoint.etaSeconds;
    expect(eta).toBeGreaterThan(35);
    expect(JSON.parse(answer.body)).toEqual({
      error: {
        message: `The endpoint is waking up (loading weights, about ${eta} s left). Retry after 30 s.`,
        type: 'service_unavailable',
        param: null,
        code: 'endpoint_waking',
      },
      endpoint: { status: 'waking', stage: 'loading', etaSeconds: eta },
    });
    expect([
      answer.status,
      answer.headers['retry-after'],
      answer.headers['x-should-retry'],
      answer.headers['preference-applied'],
    ]).toEqual([503, '30', 'true', 'wait=0']);
    expect([answer.headers['x-endpoint-id'], answer.headers['x-endpoint-status']]).toEqual([id, 'waking']);
  });

  it('of a first build ends with its own code', async () => {
    const id = await world.endpoint({ status: 'building' });
    await known(id, 'building');
    const answer = await chat(id, CHAT, { prefer: 'respond-async, wait=0' });
    expect([answer.status, errorOf(answer)['code'], answer.headers['preference-applied']]).toEqual([
      503,
      'endpoint_building',
      'wait=0',
    ]);
  });

  it('of zero answers at once, and wakes all the same', async () => {
    const id = await asleep();
    for (const body of [CHAT, STREAM]) {
      const answer = await chat(id, body, { 'x-scale-up-timeout': '0' });
      expect([answer.status, errorOf(answer)['code']]).toEqual([503, 'endpoint_waking']);
    }
    expect(await world.signals(id, 'wake')).toHaveLength(1);
  });

  it('is over sooner by default behind a load balancer that cuts silent requests', async () => {
    const edge = await world.proxy({ edgeTimeoutSeconds: 5 });
    const id = await asleep();
    expect((await chat(id, CHAT, {}, edge)).status).toBe(503);
    await edge.close();
  });
});

describe('a stream that is held', () => {
  /** A stream, and a way to wait until it has shown some comments. */
  const streaming = (id: string) => {
    let seen = 0;
    const asked = send(chatUrl(at, id), {
      key,
      body: STREAM,
      onChunk: (text) => (seen += text.startsWith(': ') ? 1 : 0),
    });
    return { asked, comments: (count: number) => eventually(() => seen >= count) };
  };

  it('can still get a status before it is committed', async () => {
    const id = await asleep();
    const answer = await chat(id, STREAM, { prefer: 'wait=0' });
    expect(answer.status).toBe(503);
  });

  it('then gets comments at once and again, and its answer without another header', async () => {
    const id = await asleep();
    await world.set(id, { status: 'waking', stage: 'loading', expected_ready_at: new Date(Date.now() + 41_000) });
    await known(id, 'waking');
    const startedAtMs = performance.now();
    const { asked, comments } = streaming(id);
    await comments(3);
    await bringUp(id, await stubbed());
    const answer = await asked;
    expect([answer.status, answer.headers['content-type'], answer.headers['x-accel-buffering']]).toEqual([
      200,
      'text/event-stream',
      'no',
    ]);
    expect(answer.headers['cache-control']).toContain('no-store');
    expect(answer.headers['x-cold-start']).toBe('true');
    expect(answer.body).toMatch(
      /^(: waking stage=loading elapsed=\d+ eta=4[01]\n\n){3,}data: \{[\s\S]*data: \[DONE\]\n\n$/,
    );
    const firstMs = (answer.chunks[0]?.atMs ?? 0) - startedAtMs;
    expect(firstMs).toBeGreaterThanOrEqual(190);
    expect(firstMs).toBeLessThan(500);
  });

  it('ends in an error event and a cut connection when the wake fails or time is over', async () => {
    const id = await asleep();
    await world.set(id, { status: 'waking' });
    await known(id, 'waking');
    const { asked: failing, comments } = streaming(id);
    await comments(1);
    await world.set(id, {
      status: 'hibernated',
      sleep_generation: 2,
      status_message: 'No g5.xlarge capacity in us-east-1.',
    });
    const failed = await failing;
    expect([failed.status, failed.cut]).toEqual([200, true]);
    expect(failed.body).toMatch(
      /data: \{"error":\{"message":"No g5.xlarge capacity in us-east-1.".*"code":"endpoint_wake_failed"\}\}\n\n$/,
    );
    const expired = await chat(id, STREAM, { 'x-scale-up-timeout': '0.4' });
    expect([expired.status, expired.cut]).toEqual([200, true]);
    expect(expired.body).toMatch(/data: \{"error":\{.*"code":"endpoint_waking"\}\}\n\n$/);
    expect(expired.body).not.toContain('[DONE]');
  });

  it('reads as plain text to the official client', async () => {
    const id = await asleep();
    const client = new OpenAI({ apiKey: key, baseURL: `${at.url}/api/d/${id}`, maxRetries: 0 });
    // A second one beside it shows when the comments have begun.
    const { asked, comments } = streaming(id);
    const reading = (async () => {
      let text = '';
      for await (const chunk of await client.chat.completions.create({
        ...CHAT,
        messages: [{ role: 'user', content: 'hi' }],
        stream: true,
      })) {
        text += chunk.choices[0]?.delta.content ?? '';
      }
      return text;
    })();
    await comments(1);
    await bringUp(id, await stubbed({ firstTokenMs: 300 }));
    expect(await reading).toBe('tok0 tok1 tok2');
    expect((await asked).status).toBe(200);
  });
});

describe('states in which waiting is of no use', () => {
  it.each([
    ['paused', { status: 'paused', power: 'paused' }, 409, 'endpoint_paused', 'false'],
    ['failed', { status: 'failed', status_message: 'The model is too large.' }, 503, 'endpoint_failed', 'false'],
    ['deleting', { status: 'deleting', power: 'deleted' }, 404, 'endpoint_not_found', 'false'],
  ])(
    '%s answers at once, also those who wait already, and wakes nothing',
    async (_name, columns, status, code, shouldRetry) => {
      const id = await asleep();
      await world.set(id, { status: 'waking' });
      await known(id, 'waking');
      const waiting = chat(id);
      await world.held(at, 1);
      await world.set(id, columns);
      const answers = [await waiting, await chat(id)];
      for (const answer of answers) {
        expect([answer.status, errorOf(answer)['code'], answer.headers['x-should-retry']]).toEqual([
          status,
          code,
          shouldRetry,
        ]);
        expect(answer.headers['retry-after']).toBeUndefined();
      }
      expect(await world.signals(id, 'wake')).toEqual([]);
    },
  );
});

describe('a wake that fails', () => {
  it('answers those who waited with the recorded sentence, and the next request wakes again', async () => {
    const id = await asleep();
    const waiting = [chat(id), chat(id)];
    await world.held(at, 2);
    await world.set(id, { status: 'waking' });
    await known(id, 'waking');
    await world.set(id, {
      status: 'hibernated',
      sleep_generation: 2,
      status_reason: 'capacity_unavailable',
      status_message: 'No capacity.',
    });
    for (const answer of await Promise.all(waiting)) {
      expect([answer.status, errorOf(answer)['code'], errorOf(answer)['message']]).toEqual([
        503,
        'endpoint_wake_failed',
        'No capacity.',
      ]);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    }
    const again = chat(id);
    await eventually(async () => (await world.signals(id, 'wake')).length === 2);
    await bringUp(id, await stubbed());
    expect((await again).status).toBe(200);
  });

  it('shows even when the waking in between was not seen', async () => {
    const id = await asleep();
    const waiting = chat(id);
    await world.held(at, 1);
    await world.set(id, { status: 'hibernated', sleep_generation: 2, status_message: 'No capacity.' });
    expect(errorOf(await waiting)['code']).toBe('endpoint_wake_failed');
  });
});

describe('an endpoint that falls asleep', () => {
  const draining = async () => {
    const stub = await stubbed();
    const id = await world.up(stub);
    await known(id, 'up');
    // As the lifecycle does: one transaction.
    await world.db.transaction().execute(async (tx) => {
      await tx
        .updateTable('endpoints')
        .set((eb) => ({ sleep_generation: 2, version: eb('version', '+', 1) }))
        .where('id', '=', id)
        .execute();
      await tx
        .updateTable('nodes')
        .set({ state: 'draining', updated_at: new Date() })
        .where('endpoint_id', '=', id)
        .execute();
    });
    await eventually(async () => {
      const row = await world.db
        .selectFrom('proxy_loads')
        .select('seen_version')
        .where('endpoint_id', '=', id)
        .execute();
      return row.length === 2 && row.every((load) => load.seen_version === 3);
    });
    return { id, stub };
  };

  it('holds a late request and latches the wake; a cancelled drain serves it', async () => {
    const { id, stub } = await draining();
    const late = chat(id);
    await world.held(at, 1);
    await eventually(async () => (await world.signals(id, 'wake')).length === 1);
    expect((await world.signals(id, 'wake'))[0]?.payload).toEqual({ sleepGeneration: 2 });
    await world.nodes(id, 'ready');
    expect((await late).status).toBe(200);
    expect(stub.requests.length).toBe(1);
  });

  it('holds a late request through the sleep and the wake that follows', async () => {
    const { id } = await draining();
    const late = chat(id);
    await world.held(at, 1);
    await world.nodes(id, 'stopped');
    await world.set(id, { status: 'hibernated' });
    await known(id, 'hibernated');
    await world.set(id, { status: 'waking' });
    await world.nodes(id, 'terminated');
    await bringUp(id, await stubbed());
    expect((await late).status).toBe(200);
    expect(await world.signals(id, 'wake')).toHaveLength(1);
  });
});

describe('when this process ends', () => {
  const proxies = () => world.db.selectFrom('proxies').select('id').orderBy('id').execute();

  it('sends those who wait elsewhere, lets what runs end, and takes no more', async () => {
    const before = await proxies();
    const ending = await world.proxy();
    const sleeper = await asleep();
    const stub = await stubbed({ firstTokenMs: 300 });
    const id = await world.up(stub);
    await known(id, 'up');
    const running = chat(id, STREAM, {}, ending);
    const waiting = chat(sleeper, CHAT, {}, ending);
    await world.held(ending, 1);
    await eventually(() => ending.proxy.status().inFlight === 1);
    const drained = ending.proxy.drain(5_000);
    const answer = await waiting;
    expect([answer.status, answer.headers['retry-after'], answer.headers['x-should-retry']]).toEqual([
      503,
      '1',
      'true',
    ]);
    expect((await chat(id, CHAT, {}, ending)).status).toBe(503);
    expect((await running).body).toContain('[DONE]');
    await drained;
    await ending.close();
    expect(await proxies()).toEqual(before);
  });
});
