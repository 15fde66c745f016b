/* oxlint-disable jest/expect-expect -- the expectations are in cases/ */
/**
 * Cases about what must not get through: another owner, another site, nonsense, a mail service that fails.
 */
import { afterAll, beforeAll, it } from '@jest/globals';
import { startFakeSendGrid, type FakeSendGrid } from '../support/fake-sendgrid.ts';
import { startProduct, type Product } from '../support/product.ts';
import { badInput } from './cases/bad-input.ts';
import { idempotentProvision } from './cases/idempotent-provision.ts';
import { mailOutage } from './cases/mail-outage.ts';
import { ownerIsolation } from './cases/s1-owner-isolation.ts';
import { onlyThePathSelects } from './cases/s2-only-the-path-selects.ts';
import { driveByRequests } from './cases/s4-drive-by.ts';
import { expectTidyWorld } from './cases/tidy-world.ts';

const CASE_TIMEOUT_MS = 120_000;

let product: Product;
let sendGrid: FakeSendGrid;
beforeAll(async () => {
  sendGrid = await startFakeSendGrid();
  product = await startProduct({
    name: 'walls',
    env: {
      SENDGRID_API_KEY: sendGrid.apiKey,
      SENDGRID_BASE_URL: sendGrid.url,
      MAIL_FROM: 'Hypervize <hypervize@example.test>',
    },
  });
}, 300_000);
afterAll(async () => {
  await product?.dispose();
  await sendGrid?.close();
}, 60_000);

// Alone, because it scripts the failures of the next mails, whoever sends them.
it('a mail outage delays the mail, never the endpoint', () => mailOutage(product, sendGrid), CASE_TIMEOUT_MS);
it.concurrent('S1: no owner sees anything of another', () => ownerIsolation(product), CASE_TIMEOUT_MS);
it.concurrent(
  'S2: only the path and a fitting key select an endpoint',
  () => onlyThePathSelects(product),
  CASE_TIMEOUT_MS,
);
it.concurrent('S4: a cookie alone moves nothing', () => driveByRequests(product), CASE_TIMEOUT_MS);
it.concurrent('bad input gets the errors of the contract and starts nothing', () => badInput(product), CASE_TIMEOUT_MS);
it.concurrent('the same provision sent twice makes one endpoint', () => idempotentProvision(product), CASE_TIMEOUT_MS);

it('leaves exactly the nodes that the records name', () => expectTidyWorld(product), 60_000);
