import { expect } from '@jest/globals';
import { signUp, statusPath, story, type Owner } from '../../support/api-client.ts';
import { describeChat, type ChatAnswer } from '../../support/chat-client.ts';
import { pause } from '../../support/pace.ts';
import type { Product } from '../../support/product.ts';
import { peakInFlight, readScripted } from '../../support/scripted-record.ts';

const LOAD_SECONDS = 4;
const CONCURRENCY = 4;

/** P01: nothing that arrives at zero is refused, one wake serves them all, and only a full queue says 429. */
export async function burstAtZero(product: Product, queueMax: number): Promise<void> {
  const owner = await signUp(product.baseUrl, 'p01');
  const id = await owner.provision({
    targetConcurrency: CONCURRENCY,
    env: { SCRIPT_LOAD_SECONDS: String(LOAD_SECONDS) },
  });
  await owner.reaches(id, 'up');
  await fallAsleep(owner, id);
  const before = (await owner.events(id)).length;

  const answers = await burst(owner, id, queueMax);
  for (const answer of answers) {
    expect(describeChat(answer)).toMatch(/^200 .*complete=true/);
    expect(answer.content).not.toBe('');
  }
  expect(Math.min(...answers.map((answer) => answer.totalMs))).toBeGreaterThan(LOAD_SECONDS * 1000 * 0.8);
  expect(statusPath((await owner.events(id)).slice(before))).toEqual(['waking', 'up']);
  const [instance, ...others] = await product.instances(id);
  expect(others).toEqual([]);
  expect(instance?.runtimes).toBe(1);
  if (instance) expect(peakInFlight(await readScripted(instance))).toBeLessThanOrEqual(CONCURRENCY);

  await fallAsleep(owner, id);
  const surplus = 10;
  const crowded = await burst(owner, id, queueMax + surplus);
  const refused = crowded.filter((answer) => answer.status === 429);
  expect(crowded.filter((answer) => answer.status === 200 && answer.isComplete)).toHaveLength(queueMax);
  expect(refused.map((answer) => answer.code)).toEqual(Array.from({ length: surplus }, () => 'wake_queue_full'));
  for (const answer of refused) {
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(answer.totalMs).toBeLessThan(2_000);
  }
}

async function fallAsleep(owner: Owner, id: string): Promise<void> {
  const answer = await owner.command(id, 'hibernate');
  if (answer.status !== 202) throw new Error(`hibernate: ${answer.status} ${answer.text}\n${await story(owner, id)}`);
  await owner.reaches(id, 'hibernated');
}

/** All within 200 ms, every second one a stream. */
async function burst(owner: Owner, id: string, count: number): Promise<ChatAnswer[]> {
  const calls: Promise<ChatAnswer>[] = [];
  for (let index = 0; index < count; index += 1) {
    calls.push(owner.chat(id, { stream: index % 2 === 0, tokenMs: 5 }));
    if (index % 8 === 7) await pause(200 / (count / 8));
  }
  return Promise.all(calls);
}
