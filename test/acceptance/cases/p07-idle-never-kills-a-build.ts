import { expect } from '@jest/globals';
import { signUp, statusPath } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import type { Product } from '../../support/product.ts';

const IDLE_SECONDS = 5;
const LOAD_SECONDS = 11;

/** P07: an idle timeout shorter than the build does not stop the build; the first sleep comes after `up`. */
export async function idleNeverKillsABuild(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'p07');
  const startedMs = performance.now();
  const id = await owner.provision({
    idleTimeoutSeconds: IDLE_SECONDS,
    env: { SCRIPT_LOAD_SECONDS: String(LOAD_SECONDS) },
  });
  expect((await owner.get(id)).status).toBe('building');
  await owner.reaches(id, 'up', 40_000);
  const upMs = performance.now();
  expect(upMs - startedMs).toBeGreaterThan(LOAD_SECONDS * 1000 * 0.8);
  await owner.reaches(id, 'hibernated', (IDLE_SECONDS + 6) * 1000);
  expect(performance.now() - upMs).toBeGreaterThan((IDLE_SECONDS - 1) * 1000);
  expect(statusPath(await owner.events(id))).toEqual(['up', 'hibernated']);
  await eventually(async () => (await product.mails(id)).length > 0, { message: 'the ready mail is there' });
  expect((await product.mails(id)).map((mail) => [mail.event, mail.to])).toEqual([['ready', owner.email]]);
}
