/* oxlint-disable jest/expect-expect -- the expectations are in cases/ */
/**
 * Cases about builds that fail, models that cannot be had, and deletes at any moment, against one product
 * with a scripted runtime and a small Hub of our own.
 */
import { afterAll, beforeAll, it } from '@jest/globals';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { startProduct, type Product } from '../support/product.ts';
import { deleteInEveryState, forcedDeleteCutsStreams } from './cases/delete-in-every-state.ts';
import { hopelessModelsFailSoon, modelsFromTheHub } from './cases/hub-models.ts';
import { failingBuildEnds } from './cases/p08-failing-build.ts';
import { deleteWhileBuilding } from './cases/p11-delete-while-building.ts';
import { gatedFailsWithTheRemedy, missingIsRefusedAtOnce } from './cases/p15-gated-or-missing.ts';
import { expectTidyWorld } from './cases/tidy-world.ts';

const CASE_TIMEOUT_MS = 180_000;

let product: Product;
let hub: FakeHub;
beforeAll(async () => {
  hub = await startFakeHub();
  product = await startProduct({ name: 'build-and-delete', env: { HF_ENDPOINT: hub.url } });
}, 300_000);
afterAll(async () => {
  await product?.dispose();
  await hub?.close();
}, 60_000);

it.concurrent(
  'P08: a failing build ends, says why, stops, and can be tried again',
  () => failingBuildEnds(product),
  CASE_TIMEOUT_MS,
);
it.concurrent('P11: a delete while building leaves nothing', () => deleteWhileBuilding(product), CASE_TIMEOUT_MS);
it.concurrent('P11: a delete wins in every state', () => deleteInEveryState(product), CASE_TIMEOUT_MS);
it.concurrent('a forced delete cuts streams', () => forcedDeleteCutsStreams(product), CASE_TIMEOUT_MS);
it.concurrent(
  'P15: a model that the Hub has comes up, also when the Hub stutters',
  () => modelsFromTheHub(product, hub),
  CASE_TIMEOUT_MS,
);
it.concurrent(
  'P15: a model that cannot be had fails soon and names the remedy',
  () => hopelessModelsFailSoon(product),
  CASE_TIMEOUT_MS,
);
it.concurrent(
  'P15: a gated model fails with the remedy, and a token and a retry bring the same endpoint up',
  () => gatedFailsWithTheRemedy(product, hub),
  CASE_TIMEOUT_MS,
);
it.concurrent(
  'P15: a model that does not exist is refused at once',
  () => missingIsRefusedAtOnce(product),
  CASE_TIMEOUT_MS,
);

it('leaves exactly the nodes that the records name', () => expectTidyWorld(product), 60_000);
