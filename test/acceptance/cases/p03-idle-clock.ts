import { expect } from '@jest/globals';
import { signUp, story } from '../../support/api-client.ts';
import { describeChat } from '../../support/chat-client.ts';
import { eventually } from '../../support/eventually.ts';
import { pause, rounds } from '../../support/pace.ts';
import type { Product } from '../../support/product.ts';

const IDLE_SECONDS = 5;
const STREAM_TOKENS = 90;
const TOKEN_MS = 100;

/** P03: the idle clock starts when the last request ends, and steady slow traffic keeps an endpoint up. */
export async function idleClockStartsAtTheEnd(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'p03');
  const id = await owner.provision({ idleTimeoutSeconds: IDLE_SECONDS });
  await owner.reaches(id, 'up');

  // A stream longer than the idle timeout is not idleness.
  const stream = await owner.chat(id, { stream: true, maxTokens: STREAM_TOKENS, tokenMs: TOKEN_MS });
  expect(describeChat(stream)).toMatch(/^200 .*complete=true/);
  expect(stream.tokens).toBe(STREAM_TOKENS);
  const endedMs = performance.now();
  expect((await owner.get(id)).status).toBe('up');
  await eventually(async () => (await owner.get(id)).status !== 'up', {
    timeoutMs: (IDLE_SECONDS + 4) * 1000,
    intervalMs: 100,
    message: 'it falls asleep after the stream',
  });
  expect(performance.now() - endedMs).toBeGreaterThan((IDLE_SECONDS - 1) * 1000);
  await owner.reaches(id, 'hibernated', 10_000);

  // One request each three seconds is traffic.
  expect(describeChat(await owner.chat(id))).toMatch(/^200 .*complete=true/);
  const folder = (await product.instances(id))[0]?.pids;
  const before = (await owner.events(id)).length;
  for (let round = 0; round < rounds(5); round += 1) {
    await pause(3_000);
    expect(describeChat(await owner.chat(id))).toMatch(/^200 .*complete=true/);
  }
  const since = (await owner.events(id)).slice(before);
  if (since.some((event) => event.type === 'transition'))
    throw new Error(`it left up under traffic\n${await story(owner, id)}`);
  expect((await product.instances(id))[0]?.pids).toEqual(folder);
}
