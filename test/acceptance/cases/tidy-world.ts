import { expect } from '@jest/globals';
import { ownersOf, story, type Owner } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import { endpointsWithFolders } from '../../support/process-truth.ts';
import type { Product } from '../../support/product.ts';

const BETWEEN = ['building', 'waking', 'updating', 'deleting'];

/**
 * What must hold when nothing is going on any more: no endpoint is stuck between two states, exactly the
 * nodes that records name run, nothing is left of what was deleted, no mail came twice.
 */
export async function expectTidyWorld(product: Product): Promise<void> {
  for (const owner of ownersOf(product.baseUrl)) {
    for (const { id } of await owner.list()) {
      await eventually(() => isAtRest(product, owner, id), { timeoutMs: 30_000, message: `${id} is at rest` }).catch(
        async (cause: unknown) => {
          const live = JSON.stringify(await product.instances(id));
          throw new Error(`${String(cause)}\nlive: ${live}\n${await story(owner, id)}`, { cause });
        },
      );
    }
  }
  // Looked at together, because an endpoint may fall asleep between two looks.
  await eventually(() => expectOnlyKnownNodes(product), { timeoutMs: 15_000, message: 'only known nodes are there' });
  for (const owner of ownersOf(product.baseUrl)) {
    for (const { id } of await owner.list()) await expectEachMailOnce(product, owner, id);
  }
}

async function isAtRest(product: Product, owner: Owner, id: string): Promise<boolean> {
  if ((await owner.request('GET', `/api/endpoints/${id}`)).status === 404) return true;
  const now = await owner.get(id);
  const live = await product.instances(id);
  const isSingle = live.every((one) => one.runtimes <= 1);
  return !BETWEEN.includes(now.status) && isSingle && live.length === (now.status === 'up' ? now.nodes.ready : 0);
}

/** What runs, and what has a folder, belongs to an endpoint that exists. */
async function expectOnlyKnownNodes(product: Product): Promise<true> {
  const lists = await Promise.all(ownersOf(product.baseUrl).map((owner) => owner.list()));
  const known = new Set(lists.flat().map((endpoint) => endpoint.id));
  const found = [
    ...(await product.instances()).map((one) => one.endpointId),
    ...(await endpointsWithFolders(product.home)),
  ];
  expect(found.filter((id) => !known.has(id))).toEqual([]);
  return true;
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
