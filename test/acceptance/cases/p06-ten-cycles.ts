import { expect } from '@jest/globals';
import { signUp, statusPath } from '../../support/api-client.ts';
import { describeChat } from '../../support/chat-client.ts';
import { rounds } from '../../support/pace.ts';
import type { Product } from '../../support/product.ts';

/** P06: the tenth sleep works like the first; the URL stays, nothing piles up. */
export async function tenCycles(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'p06');
  const id = await owner.provision();
  const { defaultUrl } = await owner.reaches(id, 'up');
  const cycles = rounds(10);
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    expect((await owner.command(id, 'hibernate')).status).toBe(202);
    await owner.reaches(id, 'hibernated');
    expect(await product.instances(id)).toEqual([]);
    expect(describeChat(await owner.chat(id, { stream: cycle % 2 === 1 }))).toMatch(/^200 .*complete=true/);
    expect(await product.instances(id)).toHaveLength(1);
  }
  const endpoint = await owner.get(id);
  expect(endpoint.defaultUrl).toBe(defaultUrl);
  const expected = ['up', ...Array.from({ length: cycles }, () => ['hibernated', 'waking', 'up']).flat()];
  expect(statusPath(await owner.events(id))).toEqual(expected);
  expect((await product.mails(id)).map((mail) => mail.event)).toEqual(['ready']);
}
