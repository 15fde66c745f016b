import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Mailer } from './mailer.ts';

/** Mails as JSON files, one each, for an installation without a mail service. */
export function outboxFolderMailer(folder: string): Mailer {
  return {
    async send({ mailId, to, subject, text, html, event, endpointId }) {
      await mkdir(folder, { recursive: true });
      const file = path.join(folder, `${endpointId}-${event}-${mailId}.json`);
      // Written under another name first, so that a reader never sees half a mail.
      await writeFile(`${file}.part`, `${JSON.stringify({ to, subject, text, html, event, endpointId }, null, 2)}\n`);
      await rename(`${file}.part`, file);
      return { messageId: mailId };
    },
  };
}
