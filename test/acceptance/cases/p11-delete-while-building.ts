import { expect } from '@jest/globals';
import { signUp, story, type Owner } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import { pause, randomBetween, rounds } from '../../support/pace.ts';
import type { Product } from '../../support/product.ts';

const LOAD_SECONDS = 3;

/** P11: a delete at any moment of a build is accepted at once and leaves nothing. */
export async function deleteWhileBuilding(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'p11');
  const count = rounds(8);
  const side = 4;
  for (let done = 0; done < count; done += side) {
    await Promise.all(Array.from({ length: Math.min(side, count - done) }, () => deleteAtRandomMoment(product, owner)));
  }
}

async function deleteAtRandomMoment(product: Product, owner: Owner): Promise<void> {
  const id = await owner.provision({ env: { SCRIPT_LOAD_SECONDS: String(LOAD_SECONDS) } });
  await pause(randomBetween(0, LOAD_SECONDS * 1000 + 1_500));
  const before = await owner.get(id);
  const answer = await owner.delete(id);
  expect([answer.status, answer.tookMs < 2_000]).toEqual([202, true]);
  await owner.vanishes(id);
  await eventually(async () => (await product.instances(id)).length === 0, {
    timeoutMs: 5_000,
    message: 'no process is left',
  });
  const again = await owner.delete(id);
  if (again.status !== 404 && Math.floor(again.status / 100) !== 2)
    throw new Error(`second delete: ${again.status} ${again.text}`);
  if (before.status !== 'building') return;
  const mails = (await product.mails(id)).map((mail) => mail.event);
  if (mails.includes('ready')) throw new Error(`a ready mail after the delete\n${await story(owner, id)}`);
}
