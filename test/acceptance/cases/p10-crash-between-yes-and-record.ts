import { expect } from '@jest/globals';
import { signUp } from '../../support/api-client.ts';
import { describeChat } from '../../support/chat-client.ts';
import { pause, randomBetween, rounds } from '../../support/pace.ts';
import type { Product } from '../../support/product.ts';

/**
 * P10: the worker dies between the provider's yes and our record of it. The endpoint comes up all the same,
 * with exactly one node. The product was started with the fault point armed, which kills the worker once;
 * after that, kills come at random moments of a build.
 */
export async function crashBetweenYesAndRecord(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'p10');
  for (let round = 0; round < rounds(3); round += 1) {
    const isArmed = round === 0;
    const workerBefore = await product.pidOf('worker');
    const id = await owner.provision({ env: { SCRIPT_LOAD_SECONDS: '1' } });
    if (!isArmed) {
      await pause(randomBetween(0, 1_500));
      await product.crash('worker');
    }
    await owner.reaches(id, 'up', 60_000);
    if (isArmed) expect(await product.pidOf('worker')).not.toBe(workerBefore);
    const instances = await product.instances(id);
    expect(instances.map((one) => one.runtimes)).toEqual([1]);
    expect(describeChat(await owner.chat(id))).toMatch(/^200 .*complete=true/);
    expect((await owner.delete(id)).status).toBe(202);
    await owner.vanishes(id);
    expect(await product.instances(id)).toEqual([]);
  }
}
