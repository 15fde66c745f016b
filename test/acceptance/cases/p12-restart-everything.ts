import { expect } from '@jest/globals';
import { signUp } from '../../support/api-client.ts';
import { describeChat } from '../../support/chat-client.ts';
import { eventually } from '../../support/eventually.ts';
import { pause } from '../../support/pace.ts';
import type { Part, Product } from '../../support/product.ts';

const LOAD_SECONDS = 10;
const ORDER: readonly Part[] = ['api', 'worker', 'postgres', 'temporal'];

/** P12: every part dies once while an endpoint is built; it is up in the end, with one node and one mail. */
export async function restartEverything(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'p12');
  const startedMs = performance.now();
  const id = await owner.provision({ env: { SCRIPT_LOAD_SECONDS: String(LOAD_SECONDS) } });
  const held = owner.chat(id);
  const killed: [Part, number][] = [];
  for (const [index, part] of ORDER.entries()) {
    await pause(Math.max(0, startedMs + (index + 1) * 2_000 - performance.now()));
    killed.push([part, await product.kill(part)]);
  }
  await Promise.all(killed.map(([part, pid]) => product.recovered(part, pid)));
  await owner.reaches(id, 'up', (LOAD_SECONDS + 30) * 1000);
  expect((await product.instances(id)).map((one) => one.runtimes)).toEqual([1]);
  // What was held when the api died may be cut; the client's next try is answered.
  const first = await held;
  if (first.status !== 200) expect(describeChat(await owner.chat(id))).toMatch(/^200 .*complete=true/);
  await eventually(async () => (await product.mails(id)).length > 0, { message: 'the ready mail is there' });
  expect((await product.mails(id)).map((mail) => mail.event)).toEqual(['ready']);
}
