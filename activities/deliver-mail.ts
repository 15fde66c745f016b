import { markMailFailed, markMailSent, readMail } from '../db/mail.ts';
import type { ActivityDeps } from './deps.ts';
import { renderMail } from './mail/templates.ts';

/** Sends one queued mail; a row that is already sent is left alone. Retried by its workflow for a day. */
export async function deliverMail(deps: ActivityDeps, input: { mailId: string }): Promise<void> {
  const mail = await readMail(deps.db, input.mailId);
  if (!mail || mail.sent_at) return;
  const rendered = renderMail(mail.event, mail.data, { endpointId: mail.endpoint_id, publicUrl: deps.publicUrl });
  try {
    const { messageId } = await deps.mailer.send({
      mailId: mail.id,
      to: mail.recipient,
      event: mail.event,
      endpointId: mail.endpoint_id,
      ...rendered,
    });
    await markMailSent(deps.db, mail.id, messageId);
  } catch (error) {
    await markMailFailed(deps.db, mail.id, error instanceof Error ? error.message : String(error));
    throw error;
  }
}
