/** The mail outbox: rows are queued with the transition that they tell of, and marked when accepted. */
import type { Selectable } from 'kysely';
import type { Db } from './client.ts';
import type { MailOutboxTable } from './schema.ts';

export type MailRow = Selectable<MailOutboxTable>;

export async function readMail(db: Db, mailId: string): Promise<MailRow | null> {
  return (await db.selectFrom('mail_outbox').selectAll().where('id', '=', mailId).executeTakeFirst()) ?? null;
}

export async function markMailSent(db: Db, mailId: string, messageId: string | null): Promise<void> {
  await db
    .updateTable('mail_outbox')
    .set((eb) => ({ sent_at: new Date(), message_id: messageId, attempts: eb('attempts', '+', 1), last_error: null }))
    .where('id', '=', mailId)
    .execute();
}

export async function markMailFailed(db: Db, mailId: string, error: string): Promise<void> {
  await db
    .updateTable('mail_outbox')
    .set((eb) => ({ attempts: eb('attempts', '+', 1), last_error: error.slice(0, 500) }))
    .where('id', '=', mailId)
    .execute();
}
