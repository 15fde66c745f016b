import { expect } from '@jest/globals';
import { signUp, story, type Owner } from '../../support/api-client.ts';
import { describeChat } from '../../support/chat-client.ts';
import { pause, randomBetween, rounds } from '../../support/pace.ts';
import type { Product } from '../../support/product.ts';

const IDLE_SECONDS = 5;
const ENDPOINTS = 4;
/** A wake of the scripted runtime takes a second or two; more than this is a hang. */
const ANSWER_MS_MAX = 12_000;

/** P05: a request in the last instant before the sleep is answered, by the old node or by a wake. */
export async function requestInTheLastInstant(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'p05');
  const each = Math.ceil(rounds(8) / ENDPOINTS);
  await Promise.all(Array.from({ length: ENDPOINTS }, () => atTheEdge(product, owner, each)));
}

async function atTheEdge(product: Product, owner: Owner, count: number): Promise<void> {
  const id = await owner.provision({ idleTimeoutSeconds: IDLE_SECONDS });
  await owner.reaches(id, 'up');
  await owner.chat(id);
  for (let round = 0; round < count; round += 1) {
    // The sleep begins somewhat after the timeout, so the window reaches further behind it than before it.
    const waitMs = randomBetween(IDLE_SECONDS * 1000 - 400, IDLE_SECONDS * 1000 + 2_000);
    await pause(waitMs);
    const answer = await owner.chat(id, { stream: round % 2 === 1 });
    if (answer.status !== 200 || !answer.isComplete || answer.totalMs > ANSWER_MS_MAX) {
      throw new Error(
        `after ${Math.round(waitMs)} ms: ${describeChat(answer)}\n${answer.raw.slice(0, 500)}\n${await story(owner, id)}`,
      );
    }
    expect((await product.instances(id)).length).toBeLessThanOrEqual(1);
  }
}
