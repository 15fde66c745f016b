import { expect } from '@jest/globals';
import { request, signUp, type Owner } from '../../support/api-client.ts';
import type { Product } from '../../support/product.ts';
import { rawRequest } from '../../support/raw-http.ts';
import { declaredRoutes } from './s1-owner-isolation.ts';

const MUTATING = ['POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** What another site's page, or a name that was rebound, can make a browser send with the user's cookie. */
const DRIVE_BYS: Readonly<Record<string, Record<string, string>>> = {
  'foreign origin': { origin: 'https://evil.test' },
  'no origin, cross-site fetch': { 'sec-fetch-site': 'cross-site' },
  'origin null': { origin: 'null' },
  'foreign origin as curl': { origin: 'https://evil.test', 'user-agent': 'curl/8.5.0' },
  'foreign origin, overridden method': { origin: 'https://evil.test', 'x-http-method-override': 'DELETE' },
};

/** S4: a cookie alone moves nothing: each mutation must come from our own pages, under our own name. */
export async function driveByRequests(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 's4');
  const id = await owner.provision({ name: 'untouched' });
  await owner.reaches(id, 'up');
  const before = await state(owner, id);
  const paths = await mutablePaths(product, id, owner.key.id);
  expect(paths.length).toBeGreaterThan(5);

  for (const path of paths) {
    for (const method of MUTATING) {
      for (const [name, headers] of Object.entries(DRIVE_BYS)) {
        const answer = await request(product.baseUrl + path, method, {
          body: {},
          headers: { cookie: owner.cookie, ...headers },
        });
        const shown = `${name}: ${method} ${path}`;
        expect([shown, refusal(answer.status)]).toEqual([shown, 'refused']);
        expect([shown, answer.headers.get('access-control-allow-credentials')]).toEqual([shown, null]);
      }
      const rebound = await rawRequest(
        product.baseUrl + path,
        method,
        {
          host: 'attacker.test',
          origin: 'http://attacker.test',
          cookie: owner.cookie,
          'content-type': 'application/json',
        },
        '{}',
      );
      expect([method, path, [400, 421].includes(rebound.status) ? 'refused' : rebound.status]).toEqual([
        method,
        path,
        'refused',
      ]);
    }
  }
  for (const contentType of ['text/plain', 'application/x-www-form-urlencoded']) {
    const answer = await owner.request('POST', '/api/provision', {
      rawBody: JSON.stringify({ model: 'org/model', minNodes: 0, maxNodes: 1 }),
      headers: { 'content-type': contentType },
    });
    expect([contentType, answer.status]).toEqual([contentType, 415]);
  }
  const playground = await request(`${product.baseUrl}/api/d/${id}/chat/completions`, 'POST', {
    body: { messages: [{ role: 'user', content: 'hi' }] },
    headers: { cookie: owner.cookie, origin: 'https://evil.test' },
  });
  expect([401, 403]).toContain(playground.status);
  const signOut = await request(`${product.baseUrl}/api/auth/sign-out`, 'POST', {
    body: {},
    headers: { cookie: owner.cookie, origin: 'https://evil.test' },
  });
  expect(signOut.status).toBe(403);
  expect(await state(owner, id)).toEqual(before);

  // What is meant to work does: our own pages, and keys from anywhere without credentials being shared.
  expect((await owner.command(id, 'wake')).status).toBe(202);
  const manage = await owner.createKey({ name: 'manage', scopes: ['manage'] });
  const byKey = await request(`${product.baseUrl}/api/endpoints/${id}/wake`, 'POST', {
    headers: { authorization: `Bearer ${manage.key}`, origin: 'https://app.test' },
  });
  expect(byKey.status).toBe(202);
  expect(byKey.headers.get('access-control-allow-credentials')).toBeNull();
}

/** 401, 403, 404, 405: nothing was done. A redirect or a success would not be a refusal. */
function refusal(status: number): string {
  return [401, 403, 404, 405, 415, 421].includes(status) ? 'refused' : String(status);
}

async function mutablePaths(product: Product, id: string, keyId: string): Promise<string[]> {
  const routes = await declaredRoutes(product);
  const paths = routes
    .filter(
      (route) =>
        route.method !== 'GET' &&
        route.path.startsWith('/api/') &&
        !route.path.startsWith('/api/auth') &&
        !route.path.startsWith('/api/d/'),
    )
    .map((route) =>
      route.path.includes('/keys/') ? route.path.replace(/\{[^}]+\}/, keyId) : route.path.replace(/\{[^}]+\}/, id),
    );
  return [...new Set(paths)].map((path) => path.replaceAll(/\{[^}]+\}/g, 'something'));
}

async function state(owner: Owner, id: string): Promise<unknown> {
  const { status, since, spec, name } = await owner.get(id);
  const keys = await owner.request('GET', '/api/keys');
  return { status, since, spec, name, keys: keys.text, count: (await owner.list()).length };
}
