import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { eventually } from '../../support/eventually.ts';
import { type StubRuntime, startStubRuntime } from '../../support/stub-runtime.ts';
import { CHAT, OWNER_A, STREAM, type TestProxy, type World, chatUrl, createWorld, errorOf, send } from './harness.ts';

let world: World;
let at: TestProxy;
let stub: StubRuntime;
let key: string;
let id: string;

beforeAll(async () => {
  world = await createWorld();
  key = await world.key(OWNER_A);
  at = await world.proxy({ timings: { uncommittedMs: 150, commentMs: 100 } });
});
beforeEach(async () => {
  const started = await startStubRuntime();
  stub = started;
  world.onClose(() => started.close());
  id = await world.up(stub);
  await eventually(
    async () => (await send(`${at.url}/api/d/${id}/health?ready=1`, { method: 'GET', key })).status === 200,
  );
});
afterAll(() => world.close());

const chat = (body: object = CHAT, headers: Record<string, string> = {}) =>
  send(chatUrl(at, id), { key, body, headers });
const lastRequest = () => {
  const request = stub.requests.at(-1);
  if (!request) throw new Error('the node received nothing');
  return request;
};

describe('what a node receives', () => {
  it('is exactly the allowed headers, its own secret and the unchanged body', async () => {
    const body = '{ "messages":[],\n "b":1.0,"a":"\\u00e9",  "stream" : false }';
    await send(`${chatUrl(at, id)}?drop=me`, {
      key,
      body,
      headers: {
        accept: 'application/json',
        'accept-encoding': 'gzip, br',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        cookie: 'session=a',
        'x-api-key': 'k',
        'x-forwarded-for': '1.2.3.4',
        forwarded: 'for=1.2.3.4',
        'proxy-authorization': 'Basic x',
        'x-smuggled': '1',
        connection: 'close, x-smuggled',
        'x-request-id': 'mine',
        te: 'trailers',
      },
    });
    const { headers, method, url, body: received } = lastRequest();
    expect([method, url, received.toString()]).toEqual(['POST', '/v1/chat/completions', body]);
    expect(headers).toEqual({
      host: `127.0.0.1:${stub.port}`,
      connection: 'keep-alive',
      authorization: `Bearer ${stub.secret}`,
      'accept-encoding': 'identity',
      accept: 'application/json',
      'content-type': 'application/json',
      'content-length': String(body.length),
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'x-request-id': expect.stringMatching(/^req_[0-9a-f]{24}$/),
    });
  });

  it.each([
    ['completions', '/v1/completions'],
    ['v1/completions', '/v1/completions'],
    ['embeddings', '/v1/embeddings'],
    ['responses', '/v1/responses'],
    ['rerank', '/v1/rerank'],
    ['score', '/v1/score'],
    ['v1/tokenize', '/tokenize'],
    ['detokenize', '/detokenize'],
  ])('%s arrives at %s', async (path, upstreamPath) => {
    expect((await send(`${at.url}/api/d/${id}/${path}`, { key, body: CHAT })).status).toBe(200);
    expect(lastRequest().url).toBe(upstreamPath);
  });

  it('keeps a multipart body and its boundary', async () => {
    const body =
      '--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\n\u0000\u0001\r\n--b--\r\n';
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    expect((await send(`${at.url}/api/d/${id}/audio/transcriptions`, { key, body, headers })).status).toBe(200);
    expect([lastRequest().headers['content-type'], lastRequest().body.toString()]).toEqual([
      'multipart/form-data; boundary=b',
      body,
    ]);
  });
});

describe('what a client receives', () => {
  it('is the bytes of the node with our headers only', async () => {
    const text = '{"a": 1,\n"b":"é"}';
    stub.script.respond = (_req, res) => {
      res.writeHead(200, {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(text),
        'cache-control': 'max-age=1',
        server: 'llama.cpp',
        'set-cookie': 'a=b',
        'access-control-allow-origin': '*',
        'x-node-secret': 's',
      });
      res.end(text);
    };
    const answer = await chat();
    const { date: _date, connection: _connection, ...headers } = answer.headers;
    expect(answer.body).toBe(text);
    expect(headers).toEqual({
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(text)),
      'cache-control': 'max-age=1',
      'x-request-id': lastRequest().headers['x-request-id'],
      'x-endpoint-id': id,
      'x-endpoint-status': 'up',
      'x-cold-start': 'false',
      'x-cold-start-ms': '0',
    });
  });

  it("is the node's own error, unchanged, when the node refuses the request", async () => {
    stub.script.errorStatus = 400;
    const answer = await chat(STREAM);
    expect([answer.status, errorOf(answer)['message'], answer.cut]).toEqual([400, 'the node says no', false]);
  });

  it('streams each chunk as it comes, byte for byte, never buffered', async () => {
    const pieces = [
      'data: {"a":"',
      '\ud83d\ude00"}\r\n\r\n',
      ': keep-alive\n\n',
      'data: {"choices":[],"usage":{}}\n\n',
      'data: [DONE]\n\n',
    ];
    const bytes = Buffer.from(pieces.join(''));
    const sentAtMs: number[] = [];
    stub.script.respond = (_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      const next = (index: number) => {
        if (index === pieces.length) return void res.end();
        sentAtMs.push(performance.now());
        res.write(pieces[index]);
        setTimeout(() => next(index + 1), 60);
      };
      next(0);
    };
    const answer = await chat(STREAM);
    expect(Buffer.from(answer.body).equals(bytes)).toBe(true);
    expect([
      answer.headers['content-type'],
      answer.headers['x-accel-buffering'],
      answer.headers['cache-control'],
    ]).toEqual(['text/event-stream; charset=utf-8', 'no', 'no-store, no-transform']);
    expect(answer.chunks.length).toBe(pieces.length);
    answer.chunks.forEach((chunk, index) => expect(chunk.atMs - (sentAtMs[index] ?? 0)).toBeLessThan(50));
  });

  it('survives a body that comes one byte at a time', async () => {
    const bytes = Buffer.from('data: {"a":"\ud83d\ude00"}\n\ndata: [DONE]\n\n');
    stub.script.respond = (_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const byte of bytes) res.write(Buffer.from([byte]));
      res.end();
    };
    const answer = await chat(STREAM);
    expect([answer.body, answer.cut]).toEqual([bytes.toString(), false]);
  });

  it('passes megabytes to a slow reader without keeping them', async () => {
    const chunk = Buffer.alloc(64 * 1024, 0x61);
    let written = 0;
    stub.script.respond = (_req, res) => {
      res.writeHead(200, { 'content-type': 'application/octet-stream' });
      const more = () => {
        while (written < 64 * 2 ** 20) {
          written += chunk.length;
          if (!res.write(chunk)) return void res.once('drain', more);
        }
        res.end();
      };
      more();
    };
    const response = await fetch(chatUrl(at, id), {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(CHAT),
    });
    let stalledAt = -1;
    await eventually(() => stalledAt === written || void (stalledAt = written), { intervalMs: 200 });
    expect(written).toBeLessThan(32 * 2 ** 20);
    expect((await response.arrayBuffer()).byteLength).toBe(64 * 2 ** 20);
  });
});

describe('a stream whose node is silent', () => {
  it('gets comments while the node thinks before its first byte, and then all of its bytes', async () => {
    stub.script.firstTokenMs = 600;
    const answer = await chat(STREAM);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect(answer.body).toMatch(/^(: working elapsed=\d+\n\n){3,}data: \{/);
    expect(answer.body.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('gets comments between events, never inside one', async () => {
    stub.script.respond = (_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write('data: {"half":');
      setTimeout(() => res.write('1}\n\n'), 250);
      setTimeout(() => res.end('data: [DONE]\n\n'), 600);
    };
    const { body } = await chat(STREAM);
    expect(body).toMatch(/^data: \{"half":1\}\n\n(: working elapsed=\d+\n\n)+data: \[DONE\]\n\n$/);
  });

  it("turns the node's late refusal into an error event", async () => {
    stub.script.respond = (_req, res) => {
      setTimeout(
        () =>
          res.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"message":"too long","code":400}}'),
        300,
      );
    };
    const answer = await chat(STREAM);
    expect([answer.status, answer.cut]).toEqual([200, true]);
    expect(answer.body.endsWith('data: {"error":{"message":"too long","code":400}}\n\n')).toBe(true);
  });

  it('leaves a silent answer that is no stream alone', async () => {
    stub.script.firstTokenMs = 400;
    const answer = await chat();
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
  });
});

describe('an answer that is cut', () => {
  it.each(['cutAfter', 'endWithoutDoneAfter'] as const)('never looks complete (%s)', async (how) => {
    Object.assign(stub.script, { [how]: 2, tokenMs: 10 });
    const answer = await chat(STREAM);
    expect([answer.status, answer.cut]).toEqual([200, true]);
    expect(answer.body).not.toContain('[DONE]');
    const events = answer.body.split('\n\n').filter(Boolean);
    expect(events.length).toBe(3);
    expect(JSON.parse(events[2]?.slice(6) ?? '')).toEqual({
      error: expect.objectContaining({ code: 'upstream_interrupted' }),
    });
  });

  it('has its half event ended before the error event', async () => {
    stub.script.respond = (_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write('data: {"half":', () => res.socket?.destroy());
    };
    const answer = await chat(STREAM);
    expect(answer.body).toMatch(/^data: \{"half":\n\ndata: \{"error":.*"code":"upstream_interrupted"\}\}\n\n$/);
  });

  it('is cut for the client too when it is no stream', async () => {
    stub.script.respond = (_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
      res.write('{"a":', () => res.socket?.destroy());
    };
    const answer = await chat();
    expect([answer.body, answer.cut]).toEqual(['{"a":', true]);
  });
});

describe('a client that leaves', () => {
  const leave = async (body: object, when: () => Promise<unknown>) => {
    const controller = new AbortController();
    const gone = send(chatUrl(at, id), { key, body, signal: controller.signal }).catch(() => null);
    await when();
    const leftAtMs = performance.now();
    controller.abort();
    const request = await eventually(() => (lastRequest().aborted ? lastRequest() : null), { timeoutMs: 2_000 });
    await gone;
    expect((request.abortedAtMs ?? 0) - leftAtMs).toBeLessThan(1_000);
    await eventually(() => at.proxy.status().inFlight === 0);
  };

  it('before the node answers ends the work of the node within a second', async () => {
    stub.script.hang = true;
    for (const body of [CHAT, STREAM]) {
      const seen = stub.requests.length;
      await leave(body, () => eventually(() => stub.requests.length > seen));
    }
  });

  it('in the middle of a stream ends the work of the node within a second', async () => {
    Object.assign(stub.script, { tokens: 1000, tokenMs: 20 });
    let chunks = 0;
    const controller = new AbortController();
    const gone = send(chatUrl(at, id), { key, body: STREAM, signal: controller.signal, onChunk: () => (chunks += 1) });
    await eventually(() => chunks >= 3);
    const leftAtMs = performance.now();
    controller.abort();
    await gone.catch(() => null);
    await eventually(() => lastRequest().aborted, { timeoutMs: 1_000 });
    expect((lastRequest().abortedAtMs ?? 0) - leftAtMs).toBeLessThan(1_000);
  });
});

describe('with several nodes', () => {
  it('sends to the one with the fewest in flight', async () => {
    const second = await startStubRuntime({ hang: true });
    world.onClose(() => second.close());
    stub.script.hang = true;
    await world.node(id, second, { slot: 1 });
    await eventually(
      async () => (await world.db.selectFrom('nodes').where('endpoint_id', '=', id).selectAll().execute()).length === 2,
    );
    const controller = new AbortController();
    const asked: Promise<unknown>[] = [];
    await eventually(() => {
      if (asked.length < 20)
        asked.push(send(chatUrl(at, id), { key, body: CHAT, signal: controller.signal }).catch(() => null));
      return second.requests.length > 0;
    });
    const spare = asked.length;
    for (let more = 0; more < 10; more += 1)
      asked.push(send(chatUrl(at, id), { key, body: CHAT, signal: controller.signal }).catch(() => null));
    await eventually(() => stub.requests.length + second.requests.length === spare + 10);
    expect(Math.abs(stub.requests.length - second.requests.length)).toBeLessThanOrEqual(1);
    controller.abort();
    await Promise.all(asked);
  });
});

describe('the official openai client', () => {
  it.each(['', '/v1'])('works unmodified, streaming and not (base path %j)', async (suffix) => {
    const client = new OpenAI({ apiKey: key, baseURL: `${at.url}/api/d/${id}${suffix}`, maxRetries: 0 });
    const messages = [{ role: 'user' as const, content: 'hi' }];
    const whole = await client.chat.completions.create({ model: 'org/model', messages });
    expect(whole.choices[0]?.message.content).toBe('tok0 tok1 tok2');
    stub.script.firstTokenMs = 400;
    let text = '';
    for await (const chunk of await client.chat.completions.create({ model: 'org/model', messages, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    expect(text).toBe('tok0 tok1 tok2');
    expect((await client.models.list()).data.map((model) => model.id)).toEqual(['org/model']);
    stub.script.cutAfter = 1;
    await expect(
      (async () => {
        for await (const _ of await client.chat.completions.create({ model: 'org/model', messages, stream: true }));
      })(),
    ).rejects.toThrow(/cut off/);
  });
});
