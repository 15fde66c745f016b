import { expect } from '@jest/globals';
import { signUp, type Owner } from '../../support/api-client.ts';
import { describeChat } from '../../support/chat-client.ts';
import { pause, randomBetween, rounds } from '../../support/pace.ts';
import type { Product } from '../../support/product.ts';

/** Where the worker dies once each: the provider has done it, and nobody has written it down yet. */
export const BETWEEN_YES_AND_RECORD = ['provisionNode', 'stopNode', 'releaseNode']
  .map((activity) => `${activity}.after-effect:kill:once`)
  .join(',');

/**
 * P10: the worker dies between the provider's yes and our record of it. The endpoint gets where it was
 * going all the same, with exactly one node. The product was started with BETWEEN_YES_AND_RECORD as FAULT.
 */
export async function crashBetweenYesAndRecord(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'p10');
  const id = await owner.provision();
  await diesOnTheWay(product, () => owner.reaches(id, 'up', 60_000));
  expect((await product.instances(id)).map((one) => one.runtimes)).toEqual([1]);

  await owner.command(id, 'hibernate');
  await diesOnTheWay(product, () => owner.reaches(id, 'hibernated', 60_000));
  expect(await product.instances(id)).toEqual([]);
  expect(describeChat(await owner.chat(id))).toMatch(/^200 .*complete=true/);
  expect((await product.instances(id)).map((one) => one.runtimes)).toEqual([1]);

  await owner.delete(id);
  await diesOnTheWay(product, () => owner.vanishes(id, 60_000));
  expect(await product.instances(id)).toEqual([]);

  for (let round = 0; round < rounds(1); round += 1) await crashAtARandomMoment(product, owner);
}

/** Checks too that the fault was there, so that a renamed point does not pass for a survived one. */
async function diesOnTheWay(product: Product, arrival: () => Promise<unknown>): Promise<void> {
  const before = await product.pidOf('worker');
  await arrival();
  expect(await product.pidOf('worker')).not.toBe(before);
}

async function crashAtARandomMoment(product: Product, owner: Owner): Promise<void> {
  const id = await owner.provision({ env: { SCRIPT_LOAD_SECONDS: '1' } });
  await pause(randomBetween(0, 1_500));
  await product.crash('worker');
  await owner.reaches(id, 'up', 60_000);
  expect((await product.instances(id)).map((one) => one.runtimes)).toEqual([1]);
  expect(describeChat(await owner.chat(id))).toMatch(/^200 .*complete=true/);
  expect((await owner.delete(id)).status).toBe(202);
  await owner.vanishes(id);
  expect(await product.instances(id)).toEqual([]);
}
