/**
 * Whoever is somebody else sees nothing: every route of openapi.json, with a session and with a key, and a
 * row-by-row proof that nothing was changed. A route without a case here fails.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer } from '../support/api-client.ts';
import { addNode, putInStatus } from './support/endpoints-in.ts';
import { documentedRoutes } from './support/routes-of.ts';
import { type TestApi, type TestUser, errorOf, signUp, startTestApi, withoutRequestId } from './support/test-api.ts';

let api: TestApi;
let ada: TestUser;
let bob: TestUser;
let adasEndpoint: string;
let adasKey: { id: string; key: string };
let bobsKey: string;

beforeAll(async () => {
  api = await startTestApi();
  ada = await signUp(api, 'ada-canary');
  bob = await signUp(api, 'bob');
  for (let i = 0; i < 3; i++) {
    adasEndpoint = await ada.provision({ name: 'ada-canary-endpoint', huggingFaceToken: 'hf_ada-canary-token' });
    await putInStatus(api, adasEndpoint, 'up');
    await addNode(
      api,
      { id: adasEndpoint, ownerId: ada.ownerId },
      { lines: ['ada-canary-line'], usdMicrosPerHour: 1_000_000 },
    );
  }
  adasKey = await ada.createKey({ name: 'ada-canary-key', scopes: ['inference'] });
  bobsKey = (await bob.createKey({ scopes: ['manage'] })).key;
});
afterAll(() => api.close());

/** What each route shows to Bob. `none`: nothing of anybody; `empty`: his own nothing; `missing`: the same 404 as for an unknown id. */
const CASES: Record<string, 'none' | 'empty' | 'missing' | 'own'> = {
  'POST /api/provision': 'own',
  'POST /api/quote': 'own',
  'GET /api/endpoints': 'empty',
  'GET /api/endpoints/{id}': 'missing',
  'DELETE /api/endpoints/{id}': 'missing',
  'POST /api/endpoints/{id}/hibernate': 'missing',
  'POST /api/endpoints/{id}/wake': 'missing',
  'POST /api/endpoints/{id}/pause': 'missing',
  'POST /api/endpoints/{id}/resume': 'missing',
  'POST /api/endpoints/{id}/retry': 'missing',
  'GET /api/endpoints/{id}/events': 'missing',
  'GET /api/endpoints/{id}/logs': 'missing',
  'GET /api/endpoints/{id}/usage': 'missing',
  'GET /api/usage': 'empty',
  'GET /api/keys': 'own',
  'POST /api/keys': 'own',
  'DELETE /api/keys/{id}': 'missing',
  'GET /api/me': 'own',
  'GET /api/tiers': 'none',
  'GET /api/config': 'none',
  'GET /healthz': 'none',
  'GET /readyz': 'none',
  'GET /': 'none',
  'GET /docs': 'none',
  'GET /docs/{file}': 'none',
  'GET /api/openapi.json': 'none',
};

const UNKNOWN = { endpoint: 'endpt-000000000000', key: 'zzzzzzzz' };
const isKeyRoute = (path: string) => path.startsWith('/api/keys');
const fill = (path: string, ids: { endpoint: string; key: string }) =>
  path.replace('{id}', isKeyRoute(path) ? ids.key : ids.endpoint).replace('{file}', 'site.css');

/** Bob by cookie, and Bob by key. */
const callers: [string, () => Record<string, string>][] = [
  ['session', () => ({})],
  ['key', () => ({ cookie: '', authorization: `Bearer ${bobsKey}` })],
];

async function fingerprint(): Promise<string> {
  const tables = [
    'endpoints',
    'autoscaling',
    'pricing',
    'endpoint_secrets',
    'nodes',
    'node_intervals',
    'endpoint_events',
    'node_logs',
  ];
  const parts = await Promise.all(
    tables.map((table) =>
      api.database.pool.query(
        `SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) AS sum FROM ${table} t WHERE owner_id = $1`,
        [ada.ownerId],
      ),
    ),
  );
  const keys = await api.database.pool.query('SELECT id, revoked_at FROM api_keys WHERE owner_id = $1 ORDER BY id', [
    ada.ownerId,
  ]);
  return JSON.stringify([parts.map((part) => part.rows), keys.rows]);
}

const holdsNothingOfAda = (answer: Answer) => {
  for (const trace of ['ada-canary', adasEndpoint, adasKey.id, ada.ownerId, ada.userId]) {
    expect(answer.text).not.toContain(trace);
    expect(JSON.stringify([...answer.headers])).not.toContain(trace);
  }
};

it('every route has a case of isolation', async () => {
  const routes = (await documentedRoutes(api.url)).map(({ method, path }) => `${method} ${path}`);
  expect(Object.keys(CASES).sort()).toEqual(routes.sort());
});

describe.each(callers)('another owner by %s', (_name, headers) => {
  it.each(Object.entries(CASES).filter(([, kind]) => kind === 'missing'))(
    '%s: the same bytes for a foreign id and an unknown one',
    async (name) => {
      const [method, path] = name.split(' ') as [string, string];
      const before = await fingerprint();
      const foreign = await bob.request(method, fill(path, { endpoint: adasEndpoint, key: adasKey.id }), {
        headers: headers(),
      });
      const unknown = await bob.request(method, fill(path, UNKNOWN), { headers: headers() });
      expect(foreign.status).toBe(404);
      expect(errorOf(foreign).code).toBe(isKeyRoute(path) ? 'not_found' : 'endpoint_not_found');
      expect(withoutRequestId(foreign)).toBe(withoutRequestId(unknown));
      expect(await fingerprint()).toBe(before);
    },
  );

  it('the live timeline of a foreign id is the same 404', async () => {
    const accept = { ...headers(), accept: 'text/event-stream' };
    const foreign = await bob.request('GET', `/api/endpoints/${adasEndpoint}/events`, { headers: accept });
    const unknown = await bob.request('GET', `/api/endpoints/${UNKNOWN.endpoint}/events`, { headers: accept });
    expect([foreign.status, withoutRequestId(foreign)]).toEqual([404, withoutRequestId(unknown)]);
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'POST'])(
    '%s on a foreign endpoint and on an unknown one answers alike',
    async (method) => {
      const foreign = await bob.request(method, `/api/endpoints/${adasEndpoint}`, { headers: headers(), body: {} });
      const unknown = await bob.request(method, `/api/endpoints/${UNKNOWN.endpoint}`, { headers: headers(), body: {} });
      expect(foreign.status).toBe(404);
      expect(withoutRequestId(foreign).replaceAll(adasEndpoint, '')).toBe(
        withoutRequestId(unknown).replaceAll(UNKNOWN.endpoint, ''),
      );
    },
  );

  it.each(Object.entries(CASES).filter(([name, kind]) => kind !== 'missing' && name.startsWith('GET')))(
    '%s shows nothing of Ada',
    async (name, kind) => {
      const [method, path] = name.split(' ') as [string, string];
      for (const query of ['', '?ownerId=$A', '?org=$A', '?limit=100000', '?cursor=$CURSOR']) {
        const cursor = Buffer.from(`1:${adasEndpoint}`).toString('base64url');
        const target = fill(path, UNKNOWN) + query.replace('$A', ada.ownerId).replace('$CURSOR', cursor);
        const answer = await bob.request(method, target, { headers: headers() });
        expect(answer.status).toBeLessThan(500);
        holdsNothingOfAda(answer);
        if (kind === 'empty' && answer.status === 200) expect(answer.json).toMatchObject({ items: [] });
      }
    },
  );

  it("a key cannot be limited to another's endpoint, and does not tell whether it exists", async () => {
    const ask = (id: string) =>
      bob.request('POST', '/api/keys', {
        headers: headers(),
        body: { name: 'x', scopes: ['inference'], endpointIds: [id] },
      });
    const [foreign, unknown] = [await ask(adasEndpoint), await ask(UNKNOWN.endpoint)];
    expect(foreign.status).toBe(422);
    expect(withoutRequestId(foreign).replaceAll(adasEndpoint, '')).toBe(
      withoutRequestId(unknown).replaceAll(UNKNOWN.endpoint, ''),
    );
  });
});

it('Ada herself sees it all, so the cases above prove something', async () => {
  expect((await ada.request('GET', '/api/endpoints')).json).toMatchObject({ items: [{}, {}, {}] });
  expect((await ada.request('GET', `/api/endpoints/${adasEndpoint}/logs`)).json).toEqual({
    items: ['ada-canary-line'],
  });
  expect((await ada.request('GET', '/api/usage')).json).toMatchObject({ items: [{}, {}, {}] });
});

it('nobody without a session or key gets past any route that is not public', async () => {
  for (const { method, path, secured } of await documentedRoutes(api.url)) {
    if (!secured) continue;
    const forged: Record<string, string>[] = [
      { cookie: '' },
      { cookie: 'hypervize.session_token=forged.signature' },
      { authorization: 'Bearer hvz_forged' },
    ];
    for (const headers of forged) {
      const answer = await ada.request(method, fill(path, { endpoint: adasEndpoint, key: adasKey.id }), {
        headers: { cookie: '', ...headers },
      });
      expect([method, path, answer.status]).toEqual([method, path, 401]);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="hypervize"');
    }
  }
});

it('Postgres itself shows another owner nothing', async () => {
  const { rows: tables } = await api.database.pool.query<{ table_name: string }>(
    "SELECT table_name FROM information_schema.columns WHERE column_name = 'owner_id' AND table_schema = 'public' AND table_name != 'mail_outbox'",
  );
  expect(tables.length).toBeGreaterThan(10);
  const client = await api.database.pool.connect();
  try {
    for (const { table_name } of tables) {
      for (const owner of [bob.ownerId, '']) {
        await client.query('BEGIN');
        await client.query("SELECT set_config('app.owner', $1, true), set_config('role', 'hypervize_tenant', true)", [
          owner,
        ]);
        const { rows } = await client.query(`SELECT count(*) AS n FROM ${table_name} WHERE owner_id = $1`, [
          ada.ownerId,
        ]);
        await client.query('ROLLBACK');
        expect([table_name, Number(rows[0].n)]).toEqual([table_name, 0]);
      }
    }
  } finally {
    client.release();
  }
});

it('the queries themselves show another owner nothing, without row-level security', async () => {
  const { pool } = api.database;
  const { rows: tables } = await pool.query<{ relname: string }>(
    "SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace",
  );
  for (const { relname } of tables) await pool.query(`ALTER TABLE ${relname} DISABLE ROW LEVEL SECURITY`);
  try {
    const before = await fingerprint();
    for (const [name, kind] of Object.entries(CASES)) {
      const [method, path] = name.split(' ') as [string, string];
      if (method === 'POST' && kind !== 'missing') continue;
      const answer = await bob.request(method, fill(path, { endpoint: adasEndpoint, key: adasKey.id }));
      expect([name, answer.status === 404]).toEqual([name, kind === 'missing']);
      holdsNothingOfAda(answer);
    }
    expect(await fingerprint()).toBe(before);
  } finally {
    for (const { relname } of tables) await pool.query(`ALTER TABLE ${relname} ENABLE ROW LEVEL SECURITY`);
  }
});
