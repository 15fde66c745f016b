/* oxlint-disable jest/expect-expect -- the expectations are in cases/ */
/**
 * Cases in which parts die: each ends in the state it was going to, with exactly one node per endpoint.
 * In order, because a dead part is felt by every endpoint.
 */
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { startProduct, type Part, type Product } from '../support/product.ts';
import { killedRuntimeIsReplaced } from './cases/killed-runtime.ts';
import { createFleet, killPart, type Fleet } from './cases/kill-each-part.ts';
import { BETWEEN_YES_AND_RECORD, crashBetweenYesAndRecord } from './cases/p10-crash-between-yes-and-record.ts';
import { restartEverything } from './cases/p12-restart-everything.ts';
import { randomWalk } from './cases/random-walk.ts';
import { secondStart, startAfterKill } from './cases/second-start.ts';
import { terminatedByHand } from './cases/terminated-by-hand.ts';
import { expectTidyWorld } from './cases/tidy-world.ts';

const CASE_TIMEOUT_MS = 180_000;
/** With ACCEPTANCE_ROUNDS a walk takes as long as one wants. */
const LONG_TIMEOUT_MS = 3_600_000;
const PARTS: readonly Part[] = ['worker', 'api', 'postgres', 'temporal'];

let product: Product;
beforeAll(async () => {
  product = await startProduct({ name: 'crash-recovery', env: { FAULT: BETWEEN_YES_AND_RECORD } });
}, 300_000);
afterAll(() => product?.dispose(), 60_000);

it(
  'P10: a worker that dies between the yes and the record leaves one node',
  () => crashBetweenYesAndRecord(product),
  CASE_TIMEOUT_MS,
);
it(
  'P12: an endpoint comes up though every part dies while it is built',
  () => restartEverything(product),
  CASE_TIMEOUT_MS,
);
it(
  'a runtime that dies in mid-stream is replaced, and the client told',
  () => killedRuntimeIsReplaced(product),
  CASE_TIMEOUT_MS,
);
it(
  'a lifecycle terminated by hand: node reaped, endpoint failed, retry works',
  () => terminatedByHand(product),
  CASE_TIMEOUT_MS,
);

describe('kill -9 while endpoints build, serve, fall asleep and wake', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await createFleet(product);
  }, 60_000);
  it.each(PARTS)('%s', (part) => killPart(product, fleet, part), CASE_TIMEOUT_MS);
});

it('a random walk of commands, requests and crashes ends tidy', () => randomWalk(product), LONG_TIMEOUT_MS);
it('leaves exactly the nodes that the records name', () => expectTidyWorld(product), 60_000);

it(
  'a second start on the same home continues where the first stopped',
  async () => {
    product = await secondStart(product);
  },
  CASE_TIMEOUT_MS,
);
it(
  'a start after kill -9 of the supervisor continues too',
  async () => {
    product = await startAfterKill(product);
  },
  CASE_TIMEOUT_MS,
);
