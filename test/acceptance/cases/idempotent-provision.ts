import { expect } from '@jest/globals';
import { BUILTIN_MODEL, errorCode, signUp } from '../../support/api-client.ts';
import type { Product } from '../../support/product.ts';

/** The same key and body, sent at the same time and again later, make one endpoint. */
export async function idempotentProvision(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'idempotent');
  const send = (body: Record<string, unknown>) =>
    owner.request('POST', '/api/provision', { body, headers: { 'idempotency-key': 'first-try' } });
  const body = { model: BUILTIN_MODEL, minNodes: 0, maxNodes: 1 };
  const atOnce = await Promise.all([send(body), send(body), send(body)]);
  const accepted = atOnce.filter((answer) => answer.status === 202);
  expect(accepted.length).toBeGreaterThan(0);
  for (const answer of atOnce) expect([202, 409]).toContain(answer.status);

  const replayed = await send(body);
  expect([replayed.status, replayed.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
  expect(new Set([...accepted, replayed].map((answer) => answer.text)).size).toBe(1);
  const other = await send({ ...body, name: 'another' });
  expect([other.status, errorCode(other)]).toEqual([422, 'idempotency_key_reused']);
  expect(await owner.list()).toHaveLength(1);
}
