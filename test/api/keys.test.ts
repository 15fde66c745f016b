import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { documentedRoutes } from './support/routes-of.ts';
import { type TestApi, type TestUser, errorOf, signUp, startTestApi, withoutRequestId } from './support/test-api.ts';

let api: TestApi;
let ada: TestUser;
beforeAll(async () => {
  api = await startTestApi();
  ada = await signUp(api);
});
afterAll(() => api.close());

const withKey = (key: string, method = 'GET', path = '/api/endpoints') =>
  request(api.url + path, method, { headers: { authorization: `Bearer ${key}` } });

describe('an API key', () => {
  it('is shown once, and kept only as the SHA-256 of the whole string', async () => {
    const made = await ada.request('POST', '/api/keys', { body: { name: 'ci', scopes: ['read', 'inference'] } });
    expect(made.status).toBe(201);
    const { id, key } = made.json as { id: string; key: string };
    expect(key).toMatch(/^hvz_[a-z0-9]{8}_[A-Za-z0-9_-]{43}$/);
    expect(made.json).toMatchObject({
      name: 'ci',
      prefix: `hvz_${id}`,
      last4: key.slice(-4),
      scopes: ['inference', 'read'],
      endpointIds: null,
      expiresAt: null,
    });
    const listed = await ada.request('GET', '/api/keys');
    expect(listed.text).toContain(id);
    expect(listed.text).not.toContain(key.split('_')[2]);
    const { rows } = await api.database.pool.query('SELECT * FROM api_keys WHERE id = $1', [id]);
    expect(rows[0].secret_sha256).toEqual(createHash('sha256').update(key).digest());
    expect(JSON.stringify(rows[0])).not.toContain(key.slice(13));
  });

  it('is accepted only as a Bearer header', async () => {
    const { key } = await ada.createKey({ scopes: ['read'] });
    expect((await withKey(key)).status).toBe(200);
    for (const [path, headers] of [
      [`/api/endpoints?key=${key}`, {}],
      [`/api/endpoints?access_token=${key}`, {}],
      ['/api/endpoints', { 'x-api-key': key }],
      ['/api/endpoints', { cookie: `authorization=Bearer ${key}` }],
      ['/api/endpoints', { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` }],
      ['/api/endpoints', { authorization: key }],
    ] as [string, Record<string, string>][]) {
      expect((await request(api.url + path, 'GET', { headers })).status).toBe(401);
    }
  });

  it('that is wrong in any way gets the same answer, byte for byte', async () => {
    const live = await ada.createKey({ scopes: ['manage'] });
    const revoked = await ada.createKey({ scopes: ['manage'] });
    const expired = await ada.createKey({ scopes: ['manage'] });
    expect((await ada.request('DELETE', `/api/keys/${revoked.id}`)).status).toBe(204);
    await api.database.pool.query("UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1", [
      expired.id,
    ]);
    const wrong = [
      revoked.key,
      expired.key,
      `${live.key.slice(0, -1)}${live.key.endsWith('A') ? 'B' : 'A'}`,
      live.key.slice(0, -1),
      `${live.key}A`,
      live.key.toUpperCase(),
      `hvz_${live.id}_${'A'.repeat(43)}`,
      `hvz_zzzzzzzz_${'A'.repeat(43)}`,
      'hvz_',
      'sk-proj-something',
      "hvz_' OR 1=1",
    ];
    const bodies = await Promise.all(
      wrong.map(async (key) => {
        const answer = await withKey(key);
        expect([answer.status, errorOf(answer).code]).toEqual([401, 'invalid_api_key']);
        return withoutRequestId(answer);
      }),
    );
    expect(new Set(bodies).size).toBe(1);
    expect((await withKey(live.key)).status).toBe(200);
  });

  it('does not fall back to the cookie when it is wrong', async () => {
    const answer = await ada.request('GET', '/api/endpoints', { headers: { authorization: 'Bearer hvz_wrong' } });
    expect([answer.status, errorOf(answer).code]).toEqual([401, 'invalid_api_key']);
  });

  it('may do what its scopes say, on every route', async () => {
    const keys = {
      inference: (await ada.createKey({ scopes: ['inference'] })).key,
      read: (await ada.createKey({ scopes: ['read'] })).key,
      manage: (await ada.createKey({ scopes: ['manage'] })).key,
    };
    const isManaging = (method: string, path: string) =>
      path !== '/api/quote' && (method !== 'GET' || path === '/api/keys');
    for (const { method, path, secured } of await documentedRoutes(api.url)) {
      if (!secured) continue;
      const target = path.replace('{id}', 'nothing');
      for (const [scope, key] of Object.entries(keys)) {
        const answer = await withKey(key, method, target);
        const allowed =
          !['/api/me', '/api/config'].includes(path) &&
          (scope === 'manage' || (scope === 'read' && !isManaging(method, path)));
        expect([method, path, scope, answer.status === 403]).toEqual([method, path, scope, !allowed]);
        if (!allowed) expect(errorOf(answer).code).toBe('forbidden');
      }
    }
  });

  it('stops working with its expiry, and works until then', async () => {
    const { id, key } = await ada.createKey({ scopes: ['read'], expiresAt: '2999-01-01T00:00:00Z' });
    expect((await withKey(key)).status).toBe(200);
    await api.database.pool.query('UPDATE api_keys SET expires_at = now() WHERE id = $1', [id]);
    expect((await withKey(key)).status).toBe(401);
  });

  it('is rotated by two live keys, of which one is revoked', async () => {
    const [older, newer] = [await ada.createKey({ scopes: ['read'] }), await ada.createKey({ scopes: ['read'] })];
    expect([(await withKey(older.key)).status, (await withKey(newer.key)).status]).toEqual([200, 200]);
    await ada.request('DELETE', `/api/keys/${older.id}`);
    expect([(await withKey(older.key)).status, (await withKey(newer.key)).status]).toEqual([401, 200]);
    expect((await ada.request('DELETE', `/api/keys/${older.id}`)).status).toBe(204);
    expect((await ada.request('GET', '/api/keys?limit=100')).text).not.toContain(older.id);
  });

  it('has its last use recorded, at most once a minute', async () => {
    const { id, key } = await ada.createKey({ scopes: ['read'] });
    const lastUsed = async () =>
      (await api.database.pool.query('SELECT last_used_at FROM api_keys WHERE id = $1', [id])).rows[0]
        .last_used_at as Date | null;
    expect(await lastUsed()).toBeNull();
    await withKey(key);
    const first = await eventually(lastUsed);
    await withKey(key);
    await withKey(key);
    expect(await lastUsed()).toEqual(first);
  });

  it('limited to endpoints names endpoints of its owner, and goes with inference alone', async () => {
    const id = await ada.provision();
    const make = (body: Record<string, unknown>) => ada.request('POST', '/api/keys', { body: { name: 'x', ...body } });
    expect((await make({ scopes: ['inference'], endpointIds: [id] })).json).toMatchObject({ endpointIds: [id] });
    for (const body of [
      { scopes: ['inference'], endpointIds: ['endpt-000000000000'] },
      { scopes: ['inference'], endpointIds: ['nonsense'] },
      { scopes: ['inference', 'manage'], endpointIds: [id] },
      { scopes: [] },
      { scopes: ['admin'] },
      { scopes: ['read', 'read'] },
      { scopes: ['read'], expiresAt: '2001-01-01T00:00:00Z' },
      { scopes: ['read'], expiresAt: 'tomorrow' },
      { scopes: ['read'], name: '' },
      { scopes: ['read'], ownerId: 'someone' },
    ]) {
      expect([body, (await make(body)).status]).toEqual([body, 422]);
    }
  });

  it('lists in pages, newest first', async () => {
    const bob = await signUp(api, 'bob');
    const made: string[] = [];
    for (let i = 0; i < 5; i++) made.unshift((await bob.createKey({ scopes: ['read'], name: `k${i}` })).id);
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = (await bob.request('GET', `/api/keys?limit=2${cursor}`)).json as {
        items: { id: string }[];
        nextCursor: string | null;
      };
      seen.push(...page.items.map((item) => item.id));
      cursor = page.nextCursor ? `&cursor=${page.nextCursor}` : '';
    } while (cursor);
    expect(seen).toEqual(made);
  });
});
