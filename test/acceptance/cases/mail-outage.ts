import { expect } from '@jest/globals';
import { signUp } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import type { FakeSendGrid } from '../../support/fake-sendgrid.ts';
import type { Product } from '../../support/product.ts';

/** A mail service that fails delays the mail, never the endpoint, and the mail comes once. */
export async function mailOutage(product: Product, sendGrid: FakeSendGrid): Promise<void> {
  const owner = await signUp(product.baseUrl, 'mail');
  sendGrid.faults.push('server-error', 'rate-limit', 'drop');
  const id = await owner.provision();
  await owner.reaches(id, 'up');
  const mine = () =>
    sendGrid.mails.filter((mail) => mail.personalizations.some((one) => one.to.some((to) => to.email === owner.email)));
  await eventually(() => mine().length > 0, { timeoutMs: 30_000, message: 'the mail has come through' });
  expect(mine()).toHaveLength(1);
  const [mail] = mine();
  expect(mail?.content.map((part) => part.type)).toEqual(['text/plain', 'text/html']);
  expect(mail?.content[0]?.value).toContain(id);
  // Only our own faults were refused: every body was one that SendGrid takes.
  expect(sendGrid.refused.filter((one) => one.status === 400)).toEqual([]);
}
