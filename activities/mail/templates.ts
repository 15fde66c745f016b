/** The words of each mail. Values are escaped for HTML; no secret and no prompt ever enters a mail. */
import type { MailData, MailEvent } from '../../db/schema.ts';

export interface RenderedMail {
  subject: string;
  text: string;
  html: string;
}

export function renderMail(
  event: MailEvent,
  data: MailData,
  place: { endpointId: string; publicUrl: string },
): RenderedMail {
  const base = `${place.publicUrl}/api/d/${place.endpointId}`;
  const page = `${place.publicUrl}/endpoints/${place.endpointId}`;
  const called = data.name === data.model ? data.model : `${data.name} (${data.model})`;
  switch (event) {
    case 'ready':
      return compose(`${called} is ready`, [
        `Your endpoint ${place.endpointId} is online and has answered a first completion.`,
        `Base URL for OpenAI clients: ${base}/v1`,
        `Chat completions: ${base}/chat/completions`,
        `Manage it: ${page}`,
      ]);
    case 'failed':
      return compose(`${called} could not be deployed`, [
        `Your endpoint ${place.endpointId} failed: ${data.message}`,
        `Reason code: ${data.reason ?? 'unknown'}`,
        'Nothing is running and nothing is billed. Retry keeps the same id and URL.',
        `Details and retry: ${page}`,
      ]);
    case 'update_failed':
      return compose(`The update of ${called} failed`, [
        `Your endpoint ${place.endpointId} keeps serving as before. The change did not work: ${data.message}`,
        `Reason code: ${data.reason ?? 'unknown'}`,
        `Details: ${page}`,
      ]);
  }
}

function compose(subject: string, paragraphs: readonly string[]): RenderedMail {
  const html = paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join('\n');
  return {
    subject,
    text: `${paragraphs.join('\n\n')}\n`,
    html: `<!doctype html>\n<html lang="en"><body style="font-family:sans-serif;max-width:560px">\n<h1 style="font-size:20px">${escapeHtml(subject)}</h1>\n${html}\n</body></html>\n`,
  };
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
