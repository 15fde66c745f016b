import { expect } from '@jest/globals';
import { signUp, type Owner } from '../../support/api-client.ts';
import { describeChat, type ChatAnswer } from '../../support/chat-client.ts';
import { eventually } from '../../support/eventually.ts';
import { keepCalling } from '../../support/pace.ts';
import type { Part, Product } from '../../support/product.ts';

/** Endpoints in the four situations that a crash may meet; the same ones for each part, to save time. */
export interface Fleet {
  owner: Owner;
  serving: string;
  hibernating: string;
  waking: string;
}

const SLOW = { SCRIPT_LOAD_SECONDS: '3' };

export async function createFleet(product: Product): Promise<Fleet> {
  const owner = await signUp(product.baseUrl, 'fleet');
  const [serving, hibernating, waking] = await Promise.all([
    owner.provision({ name: 'serving' }),
    owner.provision({ name: 'hibernating' }),
    owner.provision({ name: 'waking', env: SLOW }),
  ]);
  await Promise.all([serving, hibernating, waking].map((id) => owner.reaches(id, 'up')));
  return { owner, serving, hibernating, waking };
}

/** One part dies while endpoints build, serve, fall asleep and wake; each ends where it was going. */
export async function killPart(product: Product, fleet: Fleet, part: Part): Promise<void> {
  const { owner, serving, hibernating, waking } = fleet;
  await owner.command(waking, 'hibernate');
  await owner.reaches(waking, 'hibernated');
  if ((await owner.get(hibernating)).status !== 'up') await owner.chat(hibernating);
  await owner.reaches(hibernating, 'up');

  let hasBegun = false;
  const stream = owner.chat(serving, { stream: true, maxTokens: 60, tokenMs: 100, onToken: () => (hasBegun = true) });
  await eventually(() => hasBegun, { message: 'the stream has begun' });
  const building = await owner.provision({ name: 'building', env: SLOW });
  const woken = owner.chat(waking);
  await owner.reaches(waking, 'waking');
  expect((await owner.command(hibernating, 'hibernate')).status).toBe(202);
  // Somebody looks at the dashboard all the while, so that the part dies in the middle of something.
  const stopLooking = keepCalling(30, () => owner.list());
  const killed = await product.kill(part);

  const meanwhile = part === 'api' ? null : await owner.chat(serving);
  await product.recovered(part, killed).finally(stopLooking);
  await Promise.all([
    owner.reaches(building, 'up', 60_000),
    owner.reaches(hibernating, 'hibernated', 60_000),
    owner.reaches(waking, 'up', 60_000),
  ]);
  expect((await owner.get(serving)).status).toBe('up');

  // What was up kept serving; only a dead api cuts what went through it.
  if (part !== 'api') {
    expect(describeChat(await stream)).toMatch(/^200 .*complete=true/);
    if (meanwhile) expect(describeChat(meanwhile)).toMatch(/^200 .*complete=true/);
    expect(describeChat(await woken)).toMatch(/^200 .*complete=true/);
  }
  await Promise.all([stream, woken]);
  const answers: ChatAnswer[] = await Promise.all([serving, building, waking].map((id) => owner.chat(id)));
  for (const answer of answers) expect(describeChat(answer)).toMatch(/^200 .*complete=true/);
  for (const id of [serving, building, waking]) {
    expect([id, (await product.instances(id)).map((one) => one.runtimes)]).toEqual([id, [1]]);
  }
  expect(await product.instances(hibernating)).toEqual([]);

  expect(describeChat(await owner.chat(hibernating))).toMatch(/^200 .*complete=true/);
  expect((await owner.delete(building)).status).toBe(202);
  await owner.vanishes(building);
}
