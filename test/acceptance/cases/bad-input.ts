import { expect } from '@jest/globals';
import { BUILTIN_MODEL, errorCode, request, signUp } from '../../support/api-client.ts';
import type { Product } from '../../support/product.ts';

const GOOD = { model: BUILTIN_MODEL, minNodes: 0, maxNodes: 1 };

/** Bodies that must be refused, and the field that the answer must name. */
const BAD_BODIES: readonly [string, unknown, string][] = [
  ['no model', { minNodes: 0, maxNodes: 1 }, 'model'],
  ['model with a path in it', { ...GOOD, model: '../../etc/passwd' }, 'model'],
  ['model with a query', { ...GOOD, model: 'org/name?x=1' }, 'model'],
  ['model with a space', { ...GOOD, model: 'org/na me' }, 'model'],
  ['model of three parts', { ...GOOD, model: 'a/b/c' }, 'model'],
  ['model that is a number', { ...GOOD, model: 7 }, 'model'],
  ['model too long', { ...GOOD, model: `org/${'x'.repeat(5000)}` }, 'model'],
  ['negative nodes', { ...GOOD, minNodes: -1 }, 'minNodes'],
  ['half a node', { ...GOOD, minNodes: 0.5 }, 'minNodes'],
  ['nodes as text', { ...GOOD, maxNodes: '1' }, 'maxNodes'],
  ['no node at all', { ...GOOD, maxNodes: 0 }, 'maxNodes'],
  ['huge number of nodes', { ...GOOD, maxNodes: 1e15 }, 'maxNodes'],
  ['idle timeout too short', { ...GOOD, idleTimeoutSeconds: 1 }, 'idleTimeoutSeconds'],
  ['idle timeout negative', { ...GOOD, idleTimeoutSeconds: -5 }, 'idleTimeoutSeconds'],
  ['unknown provider', { ...GOOD, provider: 'moon' }, 'provider'],
  ['unknown field', { ...GOOD, gpus: 8 }, 'gpus'],
  [
    'prototype as a field',
    JSON.parse('{"model":"org/name","minNodes":0,"maxNodes":1,"__proto__":{"x":1}}'),
    '__proto__',
  ],
  ['env that is a list', { ...GOOD, env: ['A=1'] }, 'env'],
  ['runtime args that are text', { ...GOOD, runtimeArgs: '--fast' }, 'runtimeArgs'],
  ['an array', [GOOD], ''],
  ['null', null, ''],
];

/** Whatever is sent, the answer is one of the contract's errors, nothing is started and nothing leaks. */
export async function badInput(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'bad');
  for (const [name, body, field] of BAD_BODIES) {
    const answer = await owner.request('POST', '/api/provision', { body });
    expect([name, answer.status, errorCode(answer)]).toEqual([name, 422, 'invalid_request']);
    expect([name, answer.text]).toEqual([name, expect.stringContaining(field)]);
    expect(answer.text).not.toMatch(/\bat .*\.[tj]s:\d+/);
    expect(answer.json).toMatchObject({ success: false, requestId: expect.any(String) });
  }
  const minAboveMax = await owner.request('POST', '/api/provision', { body: { ...GOOD, minNodes: 3, maxNodes: 2 } });
  expect([minAboveMax.status, errorCode(minAboveMax)]).toEqual([422, 'invalid_request']);

  const json = { 'content-type': 'application/json' };
  const broken = await owner.request('POST', '/api/provision', { rawBody: '{"model":', headers: json });
  expect([broken.status, errorCode(broken)]).toEqual([400, 'invalid_json']);
  const huge = await owner
    .request('POST', '/api/provision', { rawBody: `"${'x'.repeat(100 * 2 ** 20)}"`, headers: json })
    .catch(() => null);
  // The line may be cut while the rest of the body is still on its way.
  if (huge) expect([huge.status, errorCode(huge)]).toEqual([413, 'payload_too_large']);
  expect((await owner.request('GET', '/api/no-such-thing')).status).toBe(404);

  for (const path of [
    '/api/endpoints/endpt-000000000000',
    '/api/endpoints/endpt-XYZ',
    "/api/endpoints/endpt-'%20OR%201=1--",
  ]) {
    const answer = await owner.request('GET', path);
    expect([path, answer.status, errorCode(answer)]).toEqual([path, 404, 'endpoint_not_found']);
  }
  await badKeys(product);
  expect(await owner.list()).toEqual([]);
  expect((await request(`${product.baseUrl}/healthz`, 'GET')).status).toBe(200);
}

async function badKeys(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'keys');
  const expired = await owner.request('POST', '/api/keys', {
    body: { name: 'expired', scopes: ['read'], expiresAt: new Date(Date.now() - 1000).toISOString() },
  });
  expect([201, 422]).toContain(expired.status);
  const readOnly = await owner.createKey({ name: 'read', scopes: ['read'] });
  const flipped = owner.key.key.slice(0, -1) + (owner.key.key.endsWith('A') ? 'B' : 'A');
  for (const key of ['', 'hvz_', 'hvz_aaaaaaaa_short', flipped, `${owner.key.key}x`, 'a'.repeat(20_000)]) {
    const answer = await request(`${product.baseUrl}/api/endpoints`, 'GET', {
      headers: { authorization: `Bearer ${key}` },
    });
    expect([key.slice(0, 12), [401, 431].includes(answer.status)]).toEqual([key.slice(0, 12), true]);
  }
  const elsewhere: Record<string, string>[] = [
    { 'x-api-key': owner.key.key },
    { authorization: `Basic ${owner.key.key}` },
  ];
  for (const headers of elsewhere) {
    expect((await request(`${product.baseUrl}/api/endpoints`, 'GET', { headers })).status).toBe(401);
  }
  const bearer = { authorization: `Bearer ${readOnly.key}` };
  expect((await request(`${product.baseUrl}/api/endpoints`, 'GET', { headers: bearer })).status).toBe(200);
  const forbidden = await request(`${product.baseUrl}/api/provision`, 'POST', { body: GOOD, headers: bearer });
  expect([forbidden.status, errorCode(forbidden)]).toEqual([403, 'forbidden']);
  const chat = await owner.chat('endpt-000000000000', { key: 'hvz_aaaaaaaa_wrong' });
  expect([chat.status, chat.code]).toEqual([401, 'invalid_api_key']);
  expect((await owner.request('DELETE', `/api/keys/${readOnly.id}`)).status).toBe(204);
  expect((await request(`${product.baseUrl}/api/endpoints`, 'GET', { headers: bearer })).status).toBe(401);
}
