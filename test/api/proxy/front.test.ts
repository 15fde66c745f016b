import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { eventually } from '../../support/eventually.ts';
import { type StubRuntime, startStubRuntime } from '../../support/stub-runtime.ts';
import {
  type Answer,
  CHAT,
  OWNER_A,
  OWNER_B,
  type TestProxy,
  type World,
  chatUrl,
  createWorld,
  errorOf,
  send,
  sendRaw,
} from './harness.ts';

let world: World;
let at: TestProxy;
let stub: StubRuntime;
let keyA: string;
let keyB: string;
let id: string;
let asleep: string;

beforeAll(async () => {
  world = await createWorld();
  stub = await startStubRuntime();
  world.onClose(() => stub.close());
  keyA = await world.key(OWNER_A);
  keyB = await world.key(OWNER_B);
  id = await world.up(stub);
  asleep = await world.endpoint({ status: 'hibernated' });
  at = await world.proxy({ sessionOwners: async (req) => (req.headers.cookie === 'session=a' ? [OWNER_A] : null) });
});
afterAll(() => world.close());

/** Everything of an answer that may tell something, without what differs by nature. */
const comparable = (answer: Answer) => {
  const { date: _date, 'x-request-id': _id, ...headers } = answer.headers;
  return { status: answer.status, headers, body: answer.body };
};

describe('API keys', () => {
  it('answers one identical 401 for every key that does not count, whatever is wrong with it', async () => {
    const expired = await world.key(OWNER_A, { expiresAt: new Date(Date.now() - 1000) });
    const revoked = await world.key(OWNER_A, { revokedAt: new Date() });
    const wrongSecret = `${keyA.slice(0, -1)}${keyA.endsWith('A') ? 'B' : 'A'}`;
    const unknown = `hvz_00000000_${'x'.repeat(43)}`;
    const headers: Record<string, string>[] = [
      {},
      ...[expired, revoked, wrongSecret, unknown, `${keyA}x`, keyA.slice(0, -1), '', 'hvz_'].map((key) => ({
        authorization: `Bearer ${key}`,
      })),
      { authorization: keyA },
      { authorization: `Basic ${Buffer.from(`u:${keyA}`).toString('base64')}` },
      { 'x-api-key': keyA },
    ];
    const answers = await Promise.all(headers.map((sent) => send(chatUrl(at, id), { body: CHAT, headers: sent })));
    answers.push(await send(`${chatUrl(at, id)}?api_key=${keyA}&key=${keyA}`, { body: CHAT }));
    answers.push(await send(chatUrl(at, 'endpt-000000000000'), { body: CHAT }));
    for (const answer of answers) expect(comparable(answer)).toEqual(comparable(answers[0] as Answer));
    expect(answers[0]?.status).toBe(401);
    expect(errorOf(answers[0] as Answer)).toEqual({
      message: expect.any(String),
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    });
  });

  it('refuses a revoked key within seconds and remembers when a key was last used', async () => {
    const quick = await world.proxy({ timings: { keyUsageFlushMs: 10 } });
    const key = await world.key(OWNER_A);
    const ok = () => send(`${quick.url}/api/d/${id}/models`, { method: 'GET', key });
    await eventually(async () => (await ok()).status === 200);
    const row = world.db.selectFrom('api_keys').select('last_used_at').where('id', '=', key.slice(4, 12));
    await eventually(async () => (await row.executeTakeFirstOrThrow()).last_used_at);
    await world.db.updateTable('api_keys').set({ revoked_at: new Date() }).where('id', '=', key.slice(4, 12)).execute();
    await eventually(async () => (await ok()).status === 401, { timeoutMs: 5_000 });
  });

  it('accepts a key, and finds an endpoint, of this very moment', async () => {
    for (let index = 0; index < 10; index += 1) {
      const [key, fresh] = [await world.key(OWNER_A), await world.endpoint({ status: 'building' })];
      const answer = await send(`${at.url}/api/d/${fresh}/health`, { method: 'GET', key });
      expect([answer.status, (JSON.parse(answer.body) as { status: string }).status]).toEqual([200, 'building']);
    }
  });

  it('lets a key use only the endpoints that it names, and only for inference', async () => {
    const other = await world.up(stub);
    const named = await world.key(OWNER_A, { endpointIds: [other] });
    const manage = await world.key(OWNER_A, { scopes: ['manage', 'read'] });
    await eventually(async () => (await send(chatUrl(at, other), { key: named, body: CHAT })).status === 200);
    expect((await send(chatUrl(at, id), { key: named, body: CHAT })).status).toBe(404);
    const forbidden = await send(chatUrl(at, id), { key: manage, body: CHAT });
    expect([forbidden.status, errorOf(forbidden)['code']]).toEqual([403, 'forbidden']);
    expect(comparable(await send(chatUrl(at, 'endpt-000000000000'), { key: manage, body: CHAT }))).toEqual(
      comparable(forbidden),
    );
  });

  it("answers for another owner's endpoint exactly as for one that never existed, on every path", async () => {
    for (const path of [
      'chat/completions',
      'v1/chat/completions',
      'models',
      'health',
      'admin',
      'chat/completions/',
      'CHAT/completions',
      '/chat/completions',
      '',
    ]) {
      const method = ['models', 'health'].includes(path) ? 'GET' : 'POST';
      const theirs = await send(`${at.url}/api/d/${id}/${path}`, { method, key: keyB, body: CHAT });
      const nobodys = await send(`${at.url}/api/d/endpt-000000000000/${path}`, { method, key: keyB, body: CHAT });
      expect(theirs.status).toBe(404);
      expect(comparable(theirs)).toEqual(comparable(nobodys));
      expect(theirs.body).not.toContain(id);
    }
  });
});

describe('dashboard session', () => {
  const ask = (headers: Record<string, string>) =>
    send(chatUrl(at, id), { body: CHAT, headers: { cookie: 'session=a', ...headers } });

  it('is believed from our own pages only', async () => {
    const own = { origin: `http://localhost:${at.port}` };
    expect((await ask(own)).status).toBe(200);
    expect((await ask({ ...own, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expect((await ask({ 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    for (const foreign of [
      {},
      { origin: 'https://evil.test' },
      { origin: 'null' },
      { ...own, 'sec-fetch-site': 'cross-site' },
      { ...own, 'sec-fetch-site': 'same-site' },
      { ...own, cookie: 'session=b' },
      { ...own, authorization: 'Bearer nonsense' },
    ]) {
      expect((await ask(foreign as Record<string, string>)).status).toBe(401);
    }
  });

  it('never invites another origin', async () => {
    const answers = [
      await send(chatUrl(at, id), { key: keyA, body: CHAT, headers: { origin: 'https://evil.test' } }),
      await send(chatUrl(at, id), {
        method: 'OPTIONS',
        headers: { origin: 'https://evil.test', 'access-control-request-method': 'POST' },
      }),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([200, 204]);
    for (const { headers } of answers)
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('request targets', () => {
  it('reach a node only by the listed methods and paths', async () => {
    const before = stub.requests.length;
    const head = (target: string, method = 'POST') =>
      `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1:${at.port}\r\nAuthorization: Bearer ${keyA}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`;
    const base = `/api/d/${id}`;
    const targets = [
      `${base}/../../admin`,
      `${base}/%2e%2e/%2e%2e/admin`,
      `${base}/\\..\\admin`,
      `${base}/..%2f..%2fadmin`,
      `${base}/..;/admin`,
      `${base}/v1/../metrics`,
      `${base}/v1/v1/chat/completions`,
      `${base}/chat%2fcompletions`,
      `${base}//chat/completions`,
      `${base}/chat/completions/`,
      `${base}/Chat/completions`,
      `${base}/chat/completions;x=1`,
      `${base}/chat/completions%00`,
      `${base}/metrics`,
      `${base}/slots`,
      `${base}/v1/load_lora_adapter`,
      `${base}/sleep`,
      `${base}/v1`,
      `${base}/`,
      base,
      `/api/d/${id}@evil.test/chat/completions`,
      `/api/d/${id}%2f..%2f${id}/models`,
      `/api/d/../d/${id}/chat/completions`,
      `/api/d/${id.toUpperCase()}/chat/completions`,
      `//127.0.0.1:${stub.port}/v1/chat/completions`,
      `http://127.0.0.1:${stub.port}/v1/chat/completions`,
      `/\\127.0.0.1:${stub.port}/x`,
    ];
    for (const target of targets)
      expect([target, (await sendRaw(at.port, head(target))).slice(9, 12)]).toEqual([target, '404']);
    for (const method of ['PUT', 'DELETE', 'PATCH', 'TRACE', 'GET']) {
      expect((await sendRaw(at.port, head(`${base}/chat/completions`, method))).slice(9, 12)).toBe('404');
    }
    expect(stub.requests.length).toBe(before);
  });

  it('choose the endpoint by the path alone, whatever headers and body say', async () => {
    const canary = await startStubRuntime();
    world.onClose(() => canary.close());
    const answer = await send(chatUrl(at, id), {
      key: keyA,
      body: { ...CHAT, base_url: canary.address, api_base: canary.address },
      headers: Object.fromEntries(
        ['x-portkey-custom-host', 'x-base-url', 'x-forwarded-host', 'x-original-url', 'x-rewrite-url', 'forwarded'].map(
          (name) => [name, canary.address],
        ),
      ),
    });
    expect(answer.status).toBe(200);
    expect(canary.requests).toEqual([]);
  });

  it('are answered only for a Host of ours, given once', async () => {
    const ask = (hosts: string) =>
      sendRaw(
        at.port,
        `GET /api/d/${id}/health HTTP/1.1\r\n${hosts}Authorization: Bearer ${keyA}\r\nConnection: close\r\n\r\n`,
      );
    const ours = `Host: 127.0.0.1:${at.port}\r\n`;
    expect(await ask(ours)).toContain('HTTP/1.1 200');
    for (const hosts of [
      'Host: attacker.test\r\n',
      `${ours}${ours}`,
      `${ours}Host: attacker.test\r\n`,
      'Host: localhost/#@evil\r\n',
      'Host: \r\n',
    ]) {
      expect(await ask(hosts)).toMatch(/HTTP\/1\.1 (400|421)/);
    }
    const coded = `POST /api/d/${id}/chat/completions HTTP/1.1\r\n${ours}Authorization: Bearer ${keyA}\r\nTransfer-Encoding: xchunked\r\n\r\n`;
    expect(await sendRaw(at.port, coded)).toContain('HTTP/1.1 400');
  });
});

describe('bodies', () => {
  it('must be JSON objects, or multipart where the path takes that', async () => {
    const cases: [string, string | Buffer, string, number, string][] = [
      ['chat/completions', '{}', 'text/plain', 415, 'unsupported_media_type'],
      ['chat/completions', 'a=1', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
      ['audio/transcriptions', '{}', 'application/json', 415, 'unsupported_media_type'],
      ['chat/completions', '{"a":', 'application/json', 400, 'invalid_json'],
      ['chat/completions', '[]', 'application/json', 400, 'invalid_json'],
      ['chat/completions', 'null', 'application/json', 400, 'invalid_json'],
      ['chat/completions', '', 'application/json', 400, 'invalid_json'],
      [
        'chat/completions',
        Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
        'application/json; charset=utf-8',
        400,
        'invalid_json',
      ],
    ];
    for (const [path, body, type, status, code] of cases) {
      // Sent to a sleeper, so that waking it would show.
      const answer = await send(`${at.url}/api/d/${asleep}/${path}`, {
        key: keyA,
        body,
        headers: { 'content-type': type },
      });
      expect([answer.status, errorOf(answer)['code'], answer.headers['x-should-retry']]).toEqual([
        status,
        code,
        'false',
      ]);
    }
    expect(await world.signals(asleep, 'wake')).toEqual([]);
  });

  it('over the limit are refused while they stream in, and the client sees the answer', async () => {
    const small = await world.proxy({ requestBodyBytesMax: 2048 });
    const announced = await send(chatUrl(small, asleep), { key: keyA, body: Buffer.alloc(20_000_000, 0x20) });
    expect([announced.status, errorOf(announced)['code']]).toEqual([413, 'payload_too_large']);
    const rssBefore = process.memoryUsage().rss;
    const received = await new Promise<string>((resolve) => {
      const socket = connect(small.port, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('close', () => resolve(text)).on('error', () => {});
      socket.write(
        `POST /api/d/${asleep}/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${small.port}\r\nAuthorization: Bearer ${keyA}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
      let sent = 0;
      const more = () => {
        while (sent < 100 * 2 ** 20 && !socket.destroyed) {
          sent += 0x10000;
          if (!socket.write(chunk)) {
            socket.once('drain', more);
            return;
          }
        }
      };
      more();
    });
    expect(received).toContain('HTTP/1.1 413');
    expect(received.toLowerCase()).toContain('connection: close');
    expect(process.memoryUsage().rss - rssBefore).toBeLessThan(80 * 2 ** 20);
    expect(await world.signals(asleep, 'wake')).toEqual([]);
  });
});

describe('health and models', () => {
  it('answer in every state without waking, and not without a key', async () => {
    const get = (path: string, method = 'GET') => send(`${at.url}/api/d/${asleep}/${path}`, { method, key: keyA });
    const health = await get('health');
    expect([health.status, JSON.parse(health.body)]).toEqual([
      200,
      expect.objectContaining({ status: 'hibernated', wakeable: true }),
    ]);
    expect((await get('v1/health?ready=1')).status).toBe(503);
    expect((await send(`${at.url}/api/d/${id}/health?ready=1`, { method: 'GET', key: keyA })).status).toBe(200);
    const models = await get('v1/models');
    expect(JSON.parse(models.body)).toEqual({
      object: 'list',
      data: [{ id: 'org/model', object: 'model', created: expect.any(Number), owned_by: 'hypervize' }],
    });
    const head = await get('models', 'HEAD');
    expect([head.status, head.body, head.headers['content-length']]).toEqual([200, '', String(models.body.length)]);
    for (const path of ['health', 'models']) {
      expect((await send(`${at.url}/api/d/${asleep}/${path}`, { method: 'GET' })).status).toBe(401);
    }
    expect((await send(chatUrl(at, asleep), { method: 'OPTIONS' })).status).toBe(204);
    expect(await world.signals(asleep, 'wake')).toEqual([]);
    expect(at.proxy.status()).toEqual({ routeTableAgeMs: expect.any(Number), inFlight: 0, held: 0 });
  });
});
