import { type Socket, connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from '../support/api-client.ts';
import { type TestApi, type TestUser, PROVISION_BODY, errorOf, signUp, startTestApi } from './support/test-api.ts';

let api: TestApi;
let ada: TestUser;
beforeAll(async () => {
  api = await startTestApi();
  ada = await signUp(api);
});
afterAll(() => api.close());

const provision = (body: unknown) => ada.request('POST', '/api/provision', { body });

async function endpointCount(): Promise<number> {
  const { rows } = await api.database.pool.query<{ count: number }>('SELECT count(*) FROM endpoints');
  return Number(rows[0]?.count);
}

describe('a provision request that is not valid', () => {
  const cases: [name: string, field: string, body: Record<string, unknown>][] = [
    ['a model id with a shell command', 'model', { model: 'a/b;reboot' }],
    ['a model id with a substitution', 'model', { model: '$(id)' }],
    ['a model id with a newline', 'model', { model: 'a/b"\nruncmd:' }],
    ['a model id that climbs', 'model', { model: '../../etc/passwd' }],
    ['a model id with three parts', 'model', { model: 'a/b/c' }],
    ['an empty model id', 'model', { model: '' }],
    ['a model id of another type', 'model', { model: { $ne: null } }],
    ['a very long model id', 'model', { model: `a/${'b'.repeat(10_000)}` }],
    ['no model', 'model', { model: undefined }],
    ['min above max', 'minNodes', { minNodes: 3, maxNodes: 2 }],
    ['a negative min', 'minNodes', { minNodes: -1 }],
    ['a max of zero', 'maxNodes', { maxNodes: 0 }],
    ['a huge max', 'maxNodes', { maxNodes: 1e9 }],
    ['a max beyond integers', 'maxNodes', { maxNodes: 1e300 }],
    ['half a node', 'minNodes', { minNodes: 0.5 }],
    ['a number as text', 'maxNodes', { maxNodes: '1' }],
    ['too short an idle timeout', 'idleTimeoutSeconds', { idleTimeoutSeconds: 4 }],
    ['a huge idle timeout', 'idleTimeoutSeconds', { idleTimeoutSeconds: 1e12 }],
    ['a cloud that is not here', 'provider', { provider: 'aws' }],
    ['a provider that does not exist', 'provider', { provider: 'azure' }],
    ['a region where there are none', 'region', { region: 'us-east-1' }],
    ['an unknown tier', 'tier', { tier: 'h100-8x' }],
    ['a negative context', 'contextLength', { contextLength: -5 }],
    ['a revision that climbs', 'revision', { revision: '../main' }],
    ['a name with a control character', 'name', { name: 'a\u0007b' }],
    ['an address as custom domain', 'customDomain', { customDomain: '10.0.0.1' }],
    ['a custom domain with a path', 'customDomain', { customDomain: 'example.com/x' }],
    [
      'a telemetry URL with another scheme',
      'telemetry.otlpEndpoint',
      { telemetry: { otlpEndpoint: 'file:///etc/passwd' } },
    ],
    [
      'a telemetry URL with a password',
      'telemetry.otlpEndpoint',
      { telemetry: { otlpEndpoint: 'https://u:p@example.com' } },
    ],
    [
      'a header with a line break',
      'telemetry.headers.x-a',
      { telemetry: { otlpEndpoint: 'https://example.com', headers: { 'x-a': 'b\r\nc: d' } } },
    ],
    [
      'an unknown field of telemetry',
      'telemetry.sampling',
      { telemetry: { otlpEndpoint: 'https://example.com', sampling: 1 } },
    ],
    ['a token with a space', 'huggingFaceToken', { huggingFaceToken: 'hf_abc def ghi' }],
    ['an environment name in lower case', 'env.path', { env: { path: 'x' } }],
    ['a reserved environment name', 'env.LD_PRELOAD', { env: { LD_PRELOAD: '/tmp/x.so' } }],
    ['a reserved runtime flag', 'runtimeArgs.0', { runtimeArgs: ['--host=0.0.0.0'] }],
    ['a reserved runtime flag in another spelling', 'runtimeArgs.1', { runtimeArgs: ['-c', '--api_key'] }],
    ['runtime arguments as text', 'runtimeArgs', { runtimeArgs: '--verbose' }],
    ['an unknown field', 'ownerId', { ownerId: 'someone-else' }],
    ['a field called __proto__', '__proto__', JSON.parse('{"__proto__":{"admin":true}}') as Record<string, unknown>],
  ];

  it.each(cases)('%s: 422 naming the field, and nothing started', async (_name, field, change) => {
    const before = await endpointCount();
    // Not a spread: that would set the prototype instead of the field.
    const body = JSON.stringify(PROVISION_BODY).replace(/}$/, '');
    const changed = Object.keys(change).includes('__proto__')
      ? `${body},"__proto__":{"admin":true}}`
      : JSON.stringify({ ...PROVISION_BODY, ...change });
    const answer = await ada.request('POST', '/api/provision', {
      rawBody: changed,
      headers: { 'content-type': 'application/json' },
    });
    expect([answer.status, errorOf(answer).code]).toEqual([422, 'invalid_request']);
    expect(Object.keys(errorOf(answer).details?.fields ?? {})).toContain(field);
    expect(errorOf(answer).message).toContain(field);
    expect(await endpointCount()).toBe(before);
  });

  it('names every field that is wrong at once', async () => {
    const answer = await provision({ model: 'a b', minNodes: -1, maxNodes: 0, extra: 1 });
    expect(Object.keys(errorOf(answer).details?.fields ?? {}).sort()).toEqual([
      'extra',
      'maxNodes',
      'minNodes',
      'model',
    ]);
  });

  it('says what is missing when there is no body at all', async () => {
    const answer = await ada.request('POST', '/api/provision');
    expect(errorOf(answer).details?.fields).toEqual({
      model: 'is required',
      minNodes: 'is required',
      maxNodes: 'is required',
    });
  });

  it('never repeats a secret that was refused', async () => {
    const answer = await provision({
      ...PROVISION_BODY,
      huggingFaceToken: 'hf_CANARY with space',
      env: { bad: 'CANARY' },
    });
    expect(answer.status).toBe(422);
    expect(answer.text).not.toContain('CANARY');
  });

  it.each([[[]], ['text'], [42], [null]])('a body that is %j instead of an object is 422', async (body) => {
    const answer = await provision(body);
    expect([answer.status, errorOf(answer).code]).toEqual([422, 'invalid_request']);
  });
});

describe('a body that cannot be read', () => {
  const raw = (rawBody: string, contentType?: string) =>
    ada.request('POST', '/api/provision', { rawBody, headers: contentType ? { 'content-type': contentType } : {} });

  it('invalid JSON is 400 invalid_json', async () => {
    const answer = await raw('{"model":', 'application/json');
    expect([answer.status, errorOf(answer).code]).toEqual([400, 'invalid_json']);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp'])(
    '%s is 415',
    async (contentType) => {
      const answer = await raw(JSON.stringify(PROVISION_BODY), contentType);
      expect([answer.status, errorOf(answer).code]).toEqual([415, 'unsupported_media_type']);
    },
  );

  it('JSON with a character set is fine', async () => {
    expect((await raw(JSON.stringify(PROVISION_BODY), 'application/json; charset=utf-8')).status).toBe(202);
  });

  it('a compressed body is 415: it could be any size', async () => {
    const answer = await ada.request('POST', '/api/provision', {
      rawBody: 'x',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    });
    expect(answer.status).toBe(415);
  });

  it.each([1.5e6, 100e6])('%d bytes are 413', async (bytes) => {
    const answer = await raw(JSON.stringify({ ...PROVISION_BODY, name: 'x'.repeat(bytes) }), 'application/json');
    expect([answer.status, errorOf(answer).code]).toEqual([413, 'payload_too_large']);
  });

  it('a body where none is expected must be empty', async () => {
    const id = await ada.provision();
    const answer = await ada.request('POST', `/api/endpoints/${id}/pause`, { body: { force: true } });
    expect([answer.status, errorOf(answer).details?.fields]).toEqual([422, { force: 'is not a known field' }]);
    expect((await ada.request('POST', `/api/endpoints/${id}/pause`, { body: {} })).status).toBe(202);
  });
});

describe('a request for nothing that is here', () => {
  it.each([
    ['GET', '/api/nothing'],
    ['GET', '/nothing'],
    ['GET', '/API/ENDPOINTS'],
    ['GET', '/api/endpoints/'],
    ['PUT', '/api/endpoints'],
    ['PATCH', '/api/keys'],
    ['GET', '/api/endpoints/%E0%A4%A'],
    ['GET', '/docs/../package.json'],
    ['GET', '/docs/constructor'],
    ['GET', '/docs/%2e%2e%2fserver.ts'],
    ['POST', '/healthz'],
  ])('%s %s is 404 in the usual shape', async (method, path) => {
    const answer = await ada.request(method, path);
    expect([answer.status, errorOf(answer).code]).toEqual([404, 'not_found']);
    expect((answer.json as { requestId: string }).requestId).toBe(answer.headers.get('x-request-id'));
  });

  it.each([
    'endpt-000000000000',
    'endpt-a1b2c3d4e5f6',
    'endpt-A1B2C3D4E5F6',
    'endpt-a%2f..%2fendpt-b',
    'endpt-a@evil.test',
    "' OR 1=1 --",
    '%00',
    'x'.repeat(500),
  ])('the endpoint id %p is 404 endpoint_not_found, the same bytes each time', async (id) => {
    const answer = await ada.request('GET', `/api/endpoints/${id}`);
    expect([answer.status, errorOf(answer)]).toEqual([
      404,
      { code: 'endpoint_not_found', message: 'There is no endpoint with this id.' },
    ]);
  });

  it.each(['limit=0', 'limit=abc', 'limit=-1', 'limit=1&limit=2', 'cursor=garbage', 'cursor=%00'])(
    'the query %s is 422',
    async (query) => {
      expect((await ada.request('GET', `/api/endpoints?${query}`)).status).toBe(422);
    },
  );
});

describe('a request that no browser or client of ours sends', () => {
  async function rawRequest(head: string): Promise<string> {
    const { hostname, port } = new URL(api.url);
    const socket: Socket = connect(Number(port), hostname);
    socket.end(`${head}\r\nConnection: close\r\n\r\n`);
    return readText(socket);
  }
  const host = () => new URL(api.url).host;

  it.each([
    ['a foreign Host', () => 'GET /api/openapi.json HTTP/1.1\r\nHost: attacker.test', 421],
    ['two Hosts', () => `GET /api/openapi.json HTTP/1.1\r\nHost: ${host()}\r\nHost: ${host()}`, 421],
    ['a Host with a fragment', () => `GET /api/openapi.json HTTP/1.1\r\nHost: ${host()}/#@evil`, 421],
    ['an absolute target', () => `GET http://evil.test/api/openapi.json HTTP/1.1\r\nHost: ${host()}`, 404],
    ['a target with two slashes', () => `GET //evil.test/api/openapi.json HTTP/1.1\r\nHost: ${host()}`, 404],
    ['a target with a backslash', () => `GET /\\evil.test HTTP/1.1\r\nHost: ${host()}`, 404],
    ['TRACE', () => `TRACE / HTTP/1.1\r\nHost: ${host()}`, 405],
    ['a good Host', () => `GET /api/openapi.json HTTP/1.1\r\nHost: ${host().toUpperCase()}`, 200],
    ['a probe by address', () => 'GET /healthz HTTP/1.1\r\nHost: 10.0.0.7:8080', 200],
  ])('%s', async (_name, head, status) => {
    expect(await rawRequest(head())).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('never gets a CORS header, a stack or the name of the framework', async () => {
    for (const path of ['/api/me', '/api/nothing', '/', '/api/endpoints/%E0%A4%A']) {
      const answer = await request(api.url + path, 'GET', { headers: { origin: 'https://evil.test' } });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(answer.headers.get('x-powered-by')).toBeNull();
      expect(answer.text).not.toMatch(/node_modules|\bat .*\.ts:\d+/);
    }
  });
});
