import { expect } from '@jest/globals';
import { z } from 'zod';
import { request, signUp, type Answer, type Owner } from '../../support/api-client.ts';
import type { Product } from '../../support/product.ts';

const NEVER_EXISTED = 'endpt-000000000000';

const OpenApi = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

export interface Route {
  method: string;
  path: string;
}

/** Every route of the product's own document, so that a new route is tested without anybody thinking of it. */
export async function declaredRoutes(product: Product): Promise<Route[]> {
  const answer = await request(`${product.baseUrl}/api/openapi.json`, 'GET');
  const { paths } = OpenApi.parse(answer.json);
  const methods = ['get', 'post', 'put', 'patch', 'delete'];
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter((method) => methods.includes(method))
      .map((method) => ({ method: method.toUpperCase(), path })),
  );
}

/** S1: whatever B asks for, no byte of A's comes back, and A's things answer as if they had never existed. */
export async function ownerIsolation(product: Product): Promise<void> {
  const [a, b] = [await signUp(product.baseUrl, 'alice'), await signUp(product.baseUrl, 'bob')];
  const secondKey = await a.createKey({ name: 'alices-second-key', scopes: ['read'] });
  const ids = await Promise.all(['one', 'two', 'three'].map((name) => a.provision({ name: `alices-${name}` })));
  await Promise.all(ids.map((id) => a.reaches(id, 'up')));
  await a.chat(ids[0] ?? '');
  const before = await snapshot(a, ids);
  const secrets = [...ids, a.key.id, a.key.key, secondKey.id, a.email, 'alices-'];

  const bKey = await b.createKey({ name: 'bobs', scopes: ['inference', 'read', 'manage'] });
  const callers: Caller[] = [
    { name: 'session', call: (method, path) => b.request(method, path, bodyFor(method)) },
    {
      name: 'key',
      call: (method, path) =>
        request(product.baseUrl + path, method, {
          ...bodyFor(method),
          headers: { authorization: `Bearer ${bKey.key}` },
        }),
    },
  ];
  const routes = (await declaredRoutes(product)).filter(
    (route) => route.path.startsWith('/api/') && !route.path.startsWith('/api/auth'),
  );
  expect(routes.length).toBeGreaterThan(10);
  for (const caller of callers) {
    for (const route of routes) {
      if (/\{[^}]+\}/.test(route.path)) await sameNotFound(caller, route, ids[0] ?? '', a.key.id);
      else if (route.method === 'GET') await listsNothing(caller, route, a.email, ids[0] ?? '', secrets);
    }
  }
  expect(await snapshot(a, ids)).toEqual(before);
}

interface Caller {
  name: string;
  call: (method: string, path: string) => Promise<Answer>;
}

function bodyFor(method: string): { body?: unknown } {
  return method === 'GET' || method === 'DELETE' ? {} : { body: {} };
}

/** A route with an id in it: A's id and an id that never existed answer the same 404. */
async function sameNotFound(caller: Caller, route: Route, id: string, keyId: string): Promise<void> {
  const isKey = route.path.includes('/keys/');
  const fill = (own: string) => route.path.replace(/\{[^}]+\}/, own).replaceAll(/\{[^}]+\}/g, 'something');
  const theirs = await caller.call(route.method, fill(isKey ? keyId : id));
  const nobodys = await caller.call(route.method, fill(isKey ? 'zzzzzzzz' : NEVER_EXISTED));
  const shown = `${caller.name} ${route.method} ${route.path}`;
  expect([shown, theirs.status, comparable(theirs)]).toEqual([shown, 404, comparable(nobodys)]);
  expect(theirs.text).not.toContain('alices-');
}

function comparable(answer: Answer): string {
  return answer.text
    .replaceAll(/endpt-[0-9a-f]{12}/g, 'ID')
    .replaceAll(/"(requestId|request_id)":"[^"]*"/g, '"requestId":""');
}

/** A collection: nothing of A's, whatever the query says. */
async function listsNothing(
  caller: Caller,
  route: Route,
  email: string,
  id: string,
  secrets: readonly string[],
): Promise<void> {
  const cursor = Buffer.from(JSON.stringify({ id, createdAt: new Date().toISOString() })).toString('base64url');
  for (const query of [
    '',
    `?ownerId=${encodeURIComponent(email)}`,
    '?org=alice',
    '?limit=100000',
    `?cursor=${cursor}`,
  ]) {
    const answer = await caller.call(route.method, route.path + query);
    const shown = `${caller.name} ${route.path}${query} ${answer.status}`;
    if (answer.status >= 500) throw new Error(`${shown} ${answer.text}`);
    const everything = answer.text + JSON.stringify([...answer.headers]);
    const leaked = secrets.filter((secret) => everything.includes(secret));
    expect([shown, leaked]).toEqual([shown, []]);
  }
}

/** What A sees of its things, without what time alone changes. */
async function snapshot(owner: Owner, ids: readonly string[]): Promise<unknown> {
  const keys = await owner.request('GET', '/api/keys');
  const endpoints = await Promise.all(
    ids.map(async (id) => {
      const { status, spec, name, since, createdAt } = await owner.get(id);
      return { id, status, spec, name, since, createdAt, events: (await owner.events(id)).length };
    }),
  );
  return { keys: keys.text.replaceAll(/"lastUsedAt":("[^"]*"|null)/g, ''), endpoints };
}
