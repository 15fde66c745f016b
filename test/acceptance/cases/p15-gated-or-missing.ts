import { expect } from '@jest/globals';
import { errorCode, signUp, story, type Owner } from '../../support/api-client.ts';
import type { FakeHub } from '../../support/fake-hub.ts';
import type { Product } from '../../support/product.ts';

/** A model of which not even the list of files is shown to whoever has not accepted its licence. */
const CLOSED = 'fake/closed-0.1B-GGUF';

/** Without a token the Hub answers 401, with one that has no access 403. */
export async function gatedFailsWithTheRemedy(product: Product, hub: FakeHub): Promise<void> {
  const owner = await signUp(product.baseUrl, 'gated');
  await Promise.all([
    failsThenComesUp(product, hub, owner, {}),
    failsThenComesUp(product, hub, owner, { huggingFaceToken: 'hf_stranger' }),
  ]);
}

async function failsThenComesUp(
  product: Product,
  hub: FakeHub,
  owner: Owner,
  token: { huggingFaceToken?: string },
): Promise<void> {
  const quoted = await owner.request('POST', '/api/quote', {
    body: { model: CLOSED, minNodes: 0, maxNodes: 1, ...token },
  });
  expect([quoted.status, quoted.json]).toEqual([200, expect.objectContaining({ source: 'name-hint', gated: true })]);

  const id = await owner.provision({ model: CLOSED, ...token });
  const failed = await owner.reaches(id, 'failed', 30_000);
  expect(failed.statusReason).toBe('model_gated');
  expect(failed.statusMessage).toContain(`Accept the licence at ${hub.url}/${CLOSED}, then add a token`);
  expect(failed.sizing).toMatchObject({ source: 'name-hint', tier: 'local-cpu' });
  expect(await product.instances(id)).toEqual([]);

  const retried = await owner.request('POST', `/api/endpoints/${id}/retry`, {
    body: { huggingFaceToken: 'hf_accepted' },
  });
  expect(retried.status).toBe(202);
  const up = await owner.reaches(id, 'up', 45_000);
  expect([up.id, up.sizing]).toEqual([id, expect.objectContaining({ source: 'metadata' })]);
  expect((await owner.chat(id)).status).toBe(200);
  for (const text of [JSON.stringify(up), await story(owner, id), retried.text]) expect(text).not.toContain('hf_acc');
}

/** What does not exist is refused before anything is written, by quote and by provision alike. */
export async function missingIsRefusedAtOnce(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'missing');
  for (const path of ['/api/quote', '/api/provision']) {
    const answer = await owner.request('POST', path, {
      body: { model: 'fake/never-was-GGUF', minNodes: 0, maxNodes: 1 },
    });
    expect([path, answer.status, errorCode(answer)]).toEqual([path, 422, 'model_not_found']);
    expect(answer.tookMs).toBeLessThan(10_000);
  }
  expect(await owner.list()).toEqual([]);
}
