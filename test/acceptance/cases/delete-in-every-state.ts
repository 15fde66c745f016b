import { expect } from '@jest/globals';
import { signUp, type Owner, type Status } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import type { Product } from '../../support/product.ts';

/** Brings an endpoint into a state; the delete comes right after. */
const WAYS: Partial<Record<Status, (owner: Owner) => Promise<string>>> = {
  building: (owner) => owner.provision({ env: { SCRIPT_NEVER_READY: '1' } }),
  up: (owner) => upAndThen(owner),
  hibernated: async (owner) => {
    const id = await upAndThen(owner);
    await owner.command(id, 'hibernate');
    return id;
  },
  waking: async (owner) => {
    const id = await upAndThen(owner, { SCRIPT_LOAD_SECONDS: '3' });
    await owner.command(id, 'hibernate');
    await owner.reaches(id, 'hibernated');
    await owner.command(id, 'wake');
    return id;
  },
  paused: async (owner) => {
    const id = await upAndThen(owner);
    await owner.command(id, 'pause');
    return id;
  },
  failed: (owner) => owner.provision({ env: { SCRIPT_EXIT_AT_LOAD: '1' } }),
};

async function upAndThen(owner: Owner, env: Record<string, string> = {}): Promise<string> {
  const id = await owner.provision({ env });
  await owner.reaches(id, 'up');
  return id;
}

/** Delete wins in every state: accepted, 404 soon after, and no process is left. */
export async function deleteInEveryState(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'delete');
  for (const states of [
    ['building', 'up', 'hibernated'],
    ['waking', 'paused', 'failed'],
  ] as const) {
    await Promise.all(states.map((state) => deleteFrom(product, owner, state)));
  }
  expect(await owner.list()).toEqual([]);
}

async function deleteFrom(product: Product, owner: Owner, state: Status): Promise<void> {
  const id = (await WAYS[state]?.(owner)) ?? '';
  await owner.reaches(id, state, 60_000);
  expect([state, (await owner.delete(id)).status]).toEqual([state, 202]);
  await owner.vanishes(id);
  await eventually(async () => (await product.instances(id)).length === 0, {
    timeoutMs: 5_000,
    message: `nothing is left of ${state}`,
  });
  const chat = await owner.chat(id);
  expect([chat.status, chat.code]).toEqual([404, 'endpoint_not_found']);
}

/** A delete waits for streams unless it is told to cut them. */
export async function forcedDeleteCutsStreams(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'force');
  const id = await owner.provision();
  await owner.reaches(id, 'up');
  let hasBegun = false;
  const stream = owner.chat(id, { stream: true, maxTokens: 600, tokenMs: 100, onToken: () => (hasBegun = true) });
  await eventually(() => hasBegun, { message: 'the stream has begun' });
  expect((await owner.delete(id, '?force=true')).status).toBe(202);
  await owner.vanishes(id, 15_000);
  const cut = await stream;
  expect(cut.isComplete).toBe(false);
  expect(cut.failure !== null || cut.code === 'upstream_interrupted').toBe(true);
}
