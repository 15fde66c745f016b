/** A web page elsewhere cannot act with a user's cookie: every mutating route, every way a browser has to ask. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request as rawHttp } from 'node:http';
import { type Answer, request } from '../support/api-client.ts';
import { isForeign, isMutating, trustedOrigins } from '../../api/origin-guard.ts';
import { documentedRoutes } from './support/routes-of.ts';
import { type TestApi, type TestUser, PROVISION_BODY, errorOf, signUp, startTestApi } from './support/test-api.ts';

let api: TestApi;
let ada: TestUser;
let key: { id: string; key: string };
let endpointId: string;
let mutating: { method: string; path: string }[];

beforeAll(async () => {
  api = await startTestApi();
  ada = await signUp(api);
  endpointId = await ada.provision();
  key = await ada.createKey({ scopes: ['manage'] });
  mutating = (await documentedRoutes(api.url)).filter((route) => route.method !== 'GET');
});
afterAll(() => api.close());

const fill = (path: string) => path.replace('{id}', path.startsWith('/api/keys') ? key.id : endpointId);
const bodyFor = (path: string) =>
  ({ '/api/provision': PROVISION_BODY, '/api/keys': { name: 'x', scopes: ['read'] } })[path] ?? {};

async function changes(): Promise<string> {
  const counts = await api.database.pool.query(
    `SELECT (SELECT count(*) FROM endpoints) AS endpoints, (SELECT count(*) FROM api_keys WHERE revoked_at IS NULL) AS keys,
      (SELECT count(*) FROM outbox) AS outbox, (SELECT count(*) FROM endpoint_events) AS events`,
  );
  return JSON.stringify(counts.rows);
}

/** fetch would overwrite some of these headers. */
function bare(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = rawHttp(
      api.url + path,
      {
        method,
        headers: { cookie: ada.cookie, ...(body ? { 'content-length': Buffer.byteLength(body) } : {}), ...headers },
      },
      (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        res.on('end', () =>
          resolve({
            status: res.statusCode ?? 0,
            headers: new Headers(),
            text,
            json: text ? JSON.parse(text) : undefined,
            tookMs: 0,
          }),
        );
      },
    );
    outgoing.on('error', reject).end(body);
  });
}

describe('with a signed-in user', () => {
  const attacks: [name: string, headers: Record<string, string>][] = [
    ['a foreign Origin', { origin: 'https://evil.test' }],
    ['a null Origin', { origin: 'null' }],
    ['our host on another port as Origin', { origin: 'http://127.0.0.1:1' }],
    ['no Origin, but cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['no Origin, but same-site', { 'sec-fetch-site': 'same-site' }],
    ['our Origin claimed, but cross-site', { origin: 'OWN', 'sec-fetch-site': 'cross-site' }],
    ['a foreign Origin and a curl-like agent', { origin: 'https://evil.test', 'user-agent': 'curl/8.5.0' }],
  ];

  it.each(attacks)('%s is 403 on every mutating route, and changes nothing', async (_name, headers) => {
    const before = await changes();
    for (const { method, path } of mutating) {
      const sent: Record<string, string> = { 'content-type': 'application/json', ...headers };
      if (sent['origin'] === 'OWN') sent['origin'] = api.url;
      const answer = await bare(method, fill(path), sent, JSON.stringify(bodyFor(path)));
      expect([method, path, answer.status, errorOf(answer).code]).toEqual([method, path, 403, 'origin_not_allowed']);
    }
    expect(await changes()).toBe(before);
  });

  it.each(['x-http-method-override', 'x-http-method', 'x-method-override'])(
    '%s on a GET is guarded like what it claims to be',
    async (name) => {
      const answer = await bare('GET', `/api/endpoints/${endpointId}`, {
        [name]: 'DELETE',
        origin: 'https://evil.test',
      });
      expect([answer.status, errorOf(answer).code]).toEqual([403, 'origin_not_allowed']);
      const parameter = await bare('GET', `/api/endpoints/${endpointId}?_method=DELETE`, {
        origin: 'https://evil.test',
      });
      expect(parameter.status).toBe(403);
    },
  );

  it.each(['PUT', 'PATCH', 'DELETE', 'POST'])('%s on any route changes nothing from elsewhere', async (method) => {
    const before = await changes();
    for (const { path } of await documentedRoutes(api.url)) {
      const answer = await bare(
        method,
        fill(path),
        { origin: 'https://evil.test', 'content-type': 'application/json' },
        '{}',
      );
      expect([403, 404]).toContain(answer.status);
    }
    expect(await changes()).toBe(before);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    '%s is 415 on every mutating route',
    async (contentType) => {
      const before = await changes();
      for (const { method, path } of mutating) {
        const answer = await bare(
          method,
          fill(path),
          { origin: api.url, 'content-type': contentType },
          JSON.stringify(bodyFor(path)),
        );
        expect([method, path, answer.status]).toEqual([method, path, 415]);
      }
      expect(await changes()).toBe(before);
    },
  );

  it.each([
    ['without an Origin', {}],
    ['with a matching Origin', { origin: 'http://attacker.test' }],
  ])('another Host is 421 on every route, %s', async (_name, headers) => {
    const before = await changes();
    for (const { method, path } of mutating) {
      const answer = await bare(
        method,
        fill(path),
        { host: 'attacker.test', 'content-type': 'application/json', ...headers },
        '{}',
      );
      expect([method, path, answer.status, errorOf(answer).code]).toEqual([method, path, 421, 'misdirected_request']);
    }
    expect(await changes()).toBe(before);
  });

  it.each([
    ['from our own page', { origin: 'OWN', 'sec-fetch-site': 'same-origin' }],
    ['from a script without a browser', {}],
  ])('%s it works', async (_name, headers: Record<string, string>) => {
    const sent: Record<string, string> = { 'content-type': 'application/json', ...headers };
    if (sent['origin'] === 'OWN') sent['origin'] = api.url;
    const answer = await bare('POST', '/api/provision', sent, JSON.stringify(PROVISION_BODY));
    expect(answer.status).toBe(202);
  });
});

it('a key is used wherever the request comes from, but no CORS header lets a page read the answer', async () => {
  const answer = await request(`${api.url}/api/provision`, 'POST', {
    body: PROVISION_BODY,
    headers: { authorization: `Bearer ${key.key}`, origin: 'https://evil.test' },
  });
  expect(answer.status).toBe(202);
  expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
});

it('a preflight gets no permission', async () => {
  const answer = await request(`${api.url}/api/provision`, 'OPTIONS', {
    headers: {
      origin: 'https://evil.test',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    },
  });
  expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
});

describe('trusted origins', () => {
  it('are the public URL and other hosts by the same scheme, plain http only on loopback', () => {
    expect(trustedOrigins('https://hv.example.com', ['hv.example.com', 'alt.example.com', 'localhost:8080'])).toEqual([
      'https://hv.example.com',
      'https://alt.example.com',
      'http://localhost:8080',
    ]);
  });

  it('never include what only begins like one', () => {
    const trusted = new Set(trustedOrigins('https://hv.example.com', []));
    for (const origin of [
      'https://hv.example.com.evil.test',
      'http://hv.example.com',
      'https://hv.example.com:444',
      '',
    ]) {
      expect(isForeign({ headers: { origin } } as never, trusted)).toBe(true);
    }
    expect(isMutating({ method: 'GET', headers: {}, url: '/' } as never)).toBe(false);
  });
});
