import { expect } from '@jest/globals';
import { signUp } from '../../support/api-client.ts';
import { describeChat } from '../../support/chat-client.ts';
import { eventually } from '../../support/eventually.ts';
import type { Product } from '../../support/product.ts';

/** A runtime dies in the middle of a stream: the client is told so, and another node takes its place. */
export async function killedRuntimeIsReplaced(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'killed');
  const id = await owner.provision();
  await owner.reaches(id, 'up');
  let hasBegun = false;
  const stream = owner.chat(id, { stream: true, maxTokens: 300, tokenMs: 50, onToken: () => (hasBegun = true) });
  await eventually(() => hasBegun, { message: 'the stream has begun' });
  const before = (await product.instances(id))[0]?.pids ?? [];
  for (const pid of before) process.kill(pid, 'SIGKILL');

  const cut = await stream;
  // Both OpenAI clients take an end without an error for success, so it must not look like one.
  expect([cut.isComplete, cut.code]).toEqual([false, 'upstream_interrupted']);
  expect(cut.raw).not.toContain('[DONE]');
  const next = await owner.chat(id);
  expect(describeChat(next)).toMatch(/^200 .*complete=true/);
  await owner.reaches(id, 'up');
  const after = await product.instances(id);
  expect(after).toHaveLength(1);
  expect(after[0]?.pids).not.toEqual(before);
}
