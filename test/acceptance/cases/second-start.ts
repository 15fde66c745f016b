import { expect } from '@jest/globals';
import { createOwner, signUp, type Owner } from '../../support/api-client.ts';
import { describeChat } from '../../support/chat-client.ts';
import { eventually } from '../../support/eventually.ts';
import type { Product } from '../../support/product.ts';

/** A second start on the same home continues: what was up comes back by itself, what slept sleeps. */
export async function secondStart(product: Product): Promise<Product> {
  const owner = await signUp(product.baseUrl, 'second');
  const [serving, sleeping, paused, building] = await Promise.all([
    owner.provision({ name: 'serving' }),
    owner.provision({ name: 'sleeping' }),
    owner.provision({ name: 'paused' }),
    owner.provision({ name: 'building', env: { SCRIPT_LOAD_SECONDS: '8' } }),
  ]);
  await Promise.all([serving, sleeping, paused].map((id) => owner.reaches(id, 'up')));
  await owner.command(sleeping, 'hibernate');
  await owner.command(paused, 'pause');
  await Promise.all([owner.reaches(sleeping, 'hibernated'), owner.reaches(paused, 'paused')]);
  const keptKey = owner.key.key;

  await product.stop();
  const second = await product.startAgain();
  const again: Owner = Object.assign(createOwner(second.baseUrl, owner.email, owner.password, owner.cookie), {
    key: owner.key,
  });
  await again.reaches(serving, 'up', 60_000);
  await eventually(async () => describeChat(await again.chat(serving, { key: keptKey })).startsWith('200'), {
    timeoutMs: 60_000,
    intervalMs: 500,
    message: 'the endpoint that was up answers again',
  });
  await again.reaches(building, 'up', 60_000);
  expect((await again.get(sleeping)).status).toBe('hibernated');
  expect((await again.get(paused)).status).toBe('paused');
  expect(describeChat(await again.chat(sleeping))).toMatch(/^200 .*complete=true/);
  for (const id of [serving, sleeping, building])
    expect([id, (await second.instances(id)).map((one) => one.runtimes)]).toEqual([id, [1]]);
  expect(await second.instances(paused)).toEqual([]);
  expect((await second.mails(serving)).map((mail) => mail.event)).toEqual(['ready']);
  return second;
}

/** `kill -9` of the supervisor itself: the next start finds what it left and continues, without a second node. */
export async function startAfterKill(product: Product): Promise<Product> {
  const owner = await signUp(product.baseUrl, 'orphaned');
  const [serving, building] = [await owner.provision(), await owner.provision({ env: { SCRIPT_LOAD_SECONDS: '4' } })];
  await owner.reaches(serving, 'up');
  await product.killSupervisor();

  const second = await product.startAgain();
  const again = Object.assign(createOwner(second.baseUrl, owner.email, owner.password, owner.cookie), {
    key: owner.key,
  });
  await Promise.all([serving, building].map((id) => again.reaches(id, 'up', 60_000)));
  for (const id of [serving, building]) {
    expect(describeChat(await again.chat(id))).toMatch(/^200 .*complete=true/);
    expect([id, (await second.instances(id)).map((one) => one.runtimes)]).toEqual([id, [1]]);
  }
  return second;
}
