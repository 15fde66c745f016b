/** Postgres is away: every route says so in the usual shape, quickly, and asks to come again. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAuth } from '../../api/session.ts';
import { createDbClient } from '../../db/client.ts';
import { request } from '../support/api-client.ts';
import { documentedRoutes } from './support/routes-of.ts';
import { type TestApi, errorOf, startTestApi } from './support/test-api.ts';

const SECRET = 'x'.repeat(40);
// Nobody listens on port 1.
const away = createDbClient({ connectionString: 'postgres://nobody@127.0.0.1:1/nothing' });
let api: TestApi;
let temporalIsThere = true;
let routeTableAgeMs: number | null = null;

beforeAll(async () => {
  api = await startTestApi({
    deps: {
      db: away.db,
      lifecycle: { isReachable: async () => temporalIsThere },
      dataPlane: { status: () => ({ routeTableAgeMs }) },
      auth: createAuth({
        pool: away.pool,
        db: away.db,
        logger: { warn() {}, error() {} } as never,
        publicUrl: 'http://localhost:1',
        trustedOrigins: [],
        secret: SECRET,
      }),
    },
  });
});
afterAll(async () => {
  await api.close();
  await away.close();
});

const KEY = `hvz_abcdefgh_${'A'.repeat(43)}`;
const TOKEN = 'a'.repeat(32);
/** As better-auth signs it, so that only Postgres can tell whether the session is there. */
const COOKIE = `hypervize.session_token=${encodeURIComponent(`${TOKEN}.${createHmac('sha256', SECRET).update(TOKEN).digest('base64')}`)}`;

describe('without Postgres', () => {
  it.each([
    ['a key', { authorization: `Bearer ${KEY}` }],
    ['a session', { cookie: COOKIE }],
  ] as [string, Record<string, string>][])(
    'every route answers 503 dependency_unavailable by %s',
    async (_name, headers) => {
      for (const { method, path, secured } of await documentedRoutes(api.url)) {
        if (!secured) continue;
        const answer = await request(api.url + path.replace('{id}', 'endpt-000000000000'), method, { headers });
        expect([method, path, answer.status, errorOf(answer).code]).toEqual([
          method,
          path,
          503,
          'dependency_unavailable',
        ]);
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(answer.text).not.toMatch(/ECONNREFUSED|127\.0\.0\.1|node_modules/);
      }
    },
  );

  it('signing in answers 503 dependency_unavailable', async () => {
    const answer = await request(`${api.url}/api/auth/sign-in/email`, 'POST', {
      body: { email: 'a@example.test', password: 'long enough' },
    });
    expect([answer.status, errorOf(answer).code]).toEqual([503, 'dependency_unavailable']);
  });

  it('the pages, the document and healthz are served', async () => {
    for (const path of ['/', '/docs', '/api/openapi.json', '/healthz'])
      expect((await request(api.url + path, 'GET')).status).toBe(200);
  });

  it('readyz is 503 only while no route was ever loaded', async () => {
    const ready = async () => {
      const answer = await request(`${api.url}/readyz`, 'GET');
      return [answer.status, (answer.json as { status: string }).status];
    };
    expect(await ready()).toEqual([503, 'unavailable']);
    routeTableAgeMs = 1_000;
    expect(await ready()).toEqual([200, 'degraded']);
    temporalIsThere = false;
    expect(await ready()).toEqual([200, 'degraded']);
  });
});
