/* oxlint-disable jest/expect-expect -- the expectations are in cases/ */
/**
 * Cases about falling asleep and waking, against one product with a scripted runtime. They mostly wait,
 * each on endpoints and an owner of its own, so they run side by side.
 */
import { afterAll, beforeAll, it } from '@jest/globals';
import { startProduct, type Product } from '../support/product.ts';
import { burstAtZero } from './cases/p01-burst-at-zero.ts';
import { upMeansItAnswers } from './cases/p02-up-means-it-answers.ts';
import { idleClockStartsAtTheEnd } from './cases/p03-idle-clock.ts';
import { probesDoNotWake } from './cases/p04-probes-do-not-wake.ts';
import { requestInTheLastInstant } from './cases/p05-last-instant.ts';
import { tenCycles } from './cases/p06-ten-cycles.ts';
import { idleNeverKillsABuild } from './cases/p07-idle-never-kills-a-build.ts';
import { expectTidyWorld } from './cases/tidy-world.ts';
import { leavingClientsEndTheirWork, waitingClientsAreTold } from './cases/waiting-clients.ts';

/** Small, so that a burst can overflow it. */
const WAKE_QUEUE_MAX = 40;
const CASE_TIMEOUT_MS = 240_000;

let product: Product;
beforeAll(async () => {
  product = await startProduct({ name: 'sleep-and-wake', env: { WAKE_QUEUE_MAX: String(WAKE_QUEUE_MAX) } });
}, 300_000);
afterAll(() => product?.dispose(), 60_000);

it.concurrent(
  'P03: the idle clock starts when the last request ends',
  () => idleClockStartsAtTheEnd(product),
  CASE_TIMEOUT_MS,
);
it.concurrent(
  'P01: a burst at zero is answered whole by one wake',
  () => burstAtZero(product, WAKE_QUEUE_MAX),
  CASE_TIMEOUT_MS,
);
it.concurrent('P02: up means that a completion works', () => upMeansItAnswers(product), CASE_TIMEOUT_MS);
it.concurrent('P04: probes neither wake nor keep awake', () => probesDoNotWake(product), CASE_TIMEOUT_MS);
it.concurrent(
  'P05: a request in the last instant before the sleep is answered',
  () => requestInTheLastInstant(product),
  CASE_TIMEOUT_MS,
);
it.concurrent('P06: the tenth sleep works like the first', () => tenCycles(product), CASE_TIMEOUT_MS);
it.concurrent(
  'P07: an idle timeout shorter than the build does not stop it',
  () => idleNeverKillsABuild(product),
  CASE_TIMEOUT_MS,
);
it.concurrent('clients that wait are told what they wait for', () => waitingClientsAreTold(product), CASE_TIMEOUT_MS);
it.concurrent('clients that leave end their work', () => leavingClientsEndTheirWork(product), CASE_TIMEOUT_MS);

it('leaves exactly the nodes that the records name', () => expectTidyWorld(product), 60_000);
