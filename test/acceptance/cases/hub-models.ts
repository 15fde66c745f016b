import { expect } from '@jest/globals';
import { signUp, story, type Owner } from '../../support/api-client.ts';
import type { FakeHub } from '../../support/fake-hub.ts';
import type { Product } from '../../support/product.ts';
import { readScripted } from '../../support/scripted-record.ts';

/** Models from a Hub: what can be had comes up, whatever the Hub does on the way. */
export async function modelsFromTheHub(product: Product, hub: FakeHub): Promise<void> {
  const owner = await signUp(product.baseUrl, 'hub');
  const models = ['fake/tiny-GGUF', 'fake/many-files-GGUF', 'fake/busy-GGUF', 'fake/broken-GGUF'];
  await Promise.all(models.map((model) => comesUp(product, owner, hub, { model })));
  for (const model of models) {
    const sent = hub.requestsFor(model).map((request) => request.authorization);
    expect([model, new Set(sent)]).toEqual([model, new Set([null])]);
  }

  const token = 'hf_accepted';
  const id = await comesUp(product, owner, hub, { model: 'fake/gated-GGUF', huggingFaceToken: token });
  expect(hub.requestsFor('fake/gated-GGUF').some((request) => request.authorization === `Bearer ${token}`)).toBe(true);
  const shown = [
    JSON.stringify(await owner.get(id)),
    await story(owner, id),
    (await owner.request('GET', `/api/endpoints/${id}/logs`)).text,
  ];
  for (const text of shown) expect(text).not.toContain(token);

  // That one owner's token fetched the weights does not open them for another.
  const stranger = await signUp(product.baseUrl, 'stranger');
  const refused = await stranger.reaches(await stranger.provision({ model: 'fake/gated-GGUF' }), 'failed', 30_000);
  expect(refused.statusReason).toBe('model_gated');
}

async function comesUp(
  product: Product,
  owner: Owner,
  hub: FakeHub,
  body: { model: string; huggingFaceToken?: string },
): Promise<string> {
  const id = await owner.provision(body);
  await owner.reaches(id, 'up', 45_000);
  const [instance] = await product.instances(id);
  const start = instance && (await readScripted(instance)).find((line) => line.event === 'start');
  expect([body.model, start?.modelBytes]).toEqual([
    body.model,
    hub.repos.get(body.model)?.files['model-Q4_1.gguf']?.length,
  ]);
  return id;
}

/** Models that cannot be had fail soon, with a code and the remedy, and nothing runs. */
const HOPELESS: readonly [string, string, RegExp][] = [
  ['fake/no-such-model', 'model_not_found', /no model|not found/i],
  ['fake/private-GGUF', 'model_not_found', /token/],
  ['fake/safetensors-only', 'model_no_gguf', /GGUF/],
  ['fake/another-gated-GGUF', 'model_gated', /[Aa]ccept the licence at .*fake\/another-gated-GGUF.*token/],
];

export async function hopelessModelsFailSoon(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'hopeless');
  await Promise.all(
    HOPELESS.map(async ([model, code, remedy]) => {
      const answer = await owner.request('POST', '/api/provision', { body: { model, minNodes: 0, maxNodes: 1 } });
      // A model that is known not to exist may be refused at once.
      if (answer.status === 422) return expect(answer.text).toContain(code);
      const id = String((answer.json as { endpointId?: unknown }).endpointId);
      const failed = await owner.reaches(id, 'failed', 30_000);
      expect([model, failed.statusReason]).toEqual([model, code]);
      expect(failed.statusMessage).toMatch(remedy);
      expect(await product.instances(id)).toEqual([]);
    }),
  );
}
