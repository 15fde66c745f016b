/** How mail leaves: one interface, a file per transport. Failing mail never fails an endpoint. */
import type { MailEvent } from '../../db/schema.ts';

export interface OutgoingMail {
  mailId: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  event: MailEvent;
  endpointId: string;
}

export interface Mailer {
  /**
   * Hands one mail over.
   * @throws ApplicationFailure, non-retryable when the same mail would be refused again
   */
  send(mail: OutgoingMail): Promise<{ messageId: string | null }>;
}
