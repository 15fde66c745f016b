import { expect } from '@jest/globals';
import { signUp, type Owner } from '../../support/api-client.ts';
import { describeChat, type ChatAnswer } from '../../support/chat-client.ts';
import { everyMs } from '../../support/pace.ts';
import type { Product } from '../../support/product.ts';

const LOAD_SECONDS = 6;

/** P02: `up` means that a completion works, not that a port is open; building and waking alike. */
export async function upMeansItAnswers(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'p02');
  const id = await owner.provision({ env: { SCRIPT_LOAD_SECONDS: String(LOAD_SECONDS) } });
  await onlyHeldOrTold(owner, id, 'endpoint_building');

  await owner.command(id, 'hibernate');
  await owner.reaches(id, 'hibernated');
  await onlyHeldOrTold(owner, id, 'endpoint_waking');
}

/** Asks all the time while it comes up: requests that wait get 200, those that do not wait the code. */
async function onlyHeldOrTold(owner: Owner, id: string, code: string): Promise<void> {
  let isUp = false;
  const startedMs = performance.now();
  const asking = everyMs(
    300,
    () => isUp,
    (index): Promise<ChatAnswer> => owner.chat(id, index % 2 === 0 ? {} : { headers: { 'x-scale-up-timeout': '0' } }),
  );
  await owner.reaches(id, 'up', 40_000).finally(() => {
    isUp = true;
  });
  expect(performance.now() - startedMs).toBeGreaterThan(LOAD_SECONDS * 1000 * 0.8);
  const first = await owner.chat(id);
  expect(describeChat(first)).toMatch(/^200 .*complete=true/);
  expect(first.totalMs).toBeLessThan(2_000);

  const answers = await asking;
  const told = answers.filter((answer) => answer.status !== 200);
  expect(told.map((answer) => `${answer.status} ${answer.code}`)).toEqual(told.map(() => `503 ${code}`));
  expect(told.length).toBeGreaterThan(0);
  for (const answer of told) {
    expect(answer.headers.get('x-should-retry')).toBe('true');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(answer.totalMs).toBeLessThan(2_000);
  }
}
