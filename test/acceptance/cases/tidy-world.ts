import { expect } from '@jest/globals';
import { ownersOf, story, type Owner } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import { endpointsWithFolders } from '../../support/process-truth.ts';
import type { Product } from '../../support/product.ts';

const BETWEEN = ['building', 'waking', 'updating', 'deleting'];

/**
 * What must hold when nothing is going on any more: no endpoint is stuck between two states, exactly the
 * nodes that records name run, no mail came twice.
 */
export async function expectTidyWorld(product: Product): Promise<void> {
  let expected = 0;
  const known = new Set<string>();
  for (const owner of ownersOf(product.baseUrl)) {
    for (const { id } of await owner.list()) {
      known.add(id);
      await eventually(
        async () => {
          const now = await owner.get(id);
          const live = await product.instances(id);
          return !BETWEEN.includes(now.status) && live.length === (now.status === 'up' ? now.nodes.ready : 0);
        },
        { timeoutMs: 30_000, message: `${id} rests with exactly the nodes it names` },
      ).catch(async (cause: unknown) => {
        throw new Error(
          `${String(cause)}\nlive: ${JSON.stringify(await product.instances(id))}\n${await story(owner, id)}`,
          { cause },
        );
      });
      const live = await product.instances(id);
      for (const one of live) expect(one.runtimes).toBeLessThanOrEqual(1);
      expected += live.length;
      await expectEachMailOnce(product, owner, id);
    }
  }
  const all = await product.instances();
  // What is deleted leaves no folder either; a hibernated endpoint keeps its own.
  const left = (await endpointsWithFolders(product.home)).filter((id) => !known.has(id));
  expect(left).toEqual([]);
  if (all.length !== expected)
    throw new Error(`${all.length} nodes run, ${expected} are known: ${JSON.stringify(all)}`);
}

/** One mail when a build has worked, one when an endpoint has failed; none for sleeps and wakes. */
async function expectEachMailOnce(product: Product, owner: Owner, id: string): Promise<void> {
  const events = (await owner.events(id)).filter((event) => event.type === 'transition');
  const mails = (await product.mails(id)).map((mail) => mail.event);
  const built = events.filter((event) => event.from === 'building' && event.to === 'up').length;
  const failed = events.filter((event) => event.to === 'failed').length;
  const counted = [mails.filter((mail) => mail === 'ready').length, mails.filter((mail) => mail === 'failed').length];
  // With a mail service configured nothing lands in the folder.
  if (mails.length > 0) expect([id, ...counted]).toEqual([id, built, failed]);
}
