/**
 * SendGrid's v3 API through its own client, which retries nothing: Temporal does.
 * 202 means accepted, not delivered. The API has no idempotency key, so a lost reply may double a mail;
 * `mailId` goes along as a custom argument to tell.
 */
import { ApplicationFailure } from '@temporalio/common';
import client from '@sendgrid/client';
import service from '@sendgrid/mail';
import type { Mailer } from './mailer.ts';

const TIMEOUT_MS = 20_000;

export interface SendGridOptions {
  apiKey: string;
  baseUrl: string;
  from: string;
}

export function sendGridMailer(options: SendGridOptions): Mailer {
  // The package's own instances: it exports no types to make others, and one mailer is all we need.
  service.setClient(client);
  service.setApiKey(options.apiKey);
  // After the key: setting a key sets the base URL back.
  client.setDefaultRequest('baseUrl', options.baseUrl);
  service.setTimeout(TIMEOUT_MS);
  return {
    async send(mail) {
      try {
        const [response] = await service.send({
          to: mail.to,
          from: options.from,
          subject: mail.subject,
          text: mail.text,
          html: mail.html,
          customArgs: { mailId: mail.mailId, endpointId: mail.endpointId, event: mail.event },
        });
        const messageId: unknown = response.headers['x-message-id'];
        return { messageId: typeof messageId === 'string' ? messageId : null };
      } catch (error) {
        throw explain(error);
      }
    },
  };
}

/** What the client throws: HTTP errors carry a response, network errors do not. */
interface SendGridError {
  code?: unknown;
  response?: { headers?: Record<string, unknown> };
}

/** 400, 401, 403 and 413 would be refused again; anything else may pass later. Never shows the key. */
function explain(error: unknown): ApplicationFailure {
  const { code, response } = error as SendGridError;
  if (!response) return ApplicationFailure.retryable('SendGrid could not be reached', 'mail_unavailable');
  const status = Number(code);
  if ([400, 401, 403, 413].includes(status)) {
    const hint =
      status === 401 || status === 403 ? ' Check SENDGRID_API_KEY and that MAIL_FROM is a verified sender.' : '';
    return ApplicationFailure.nonRetryable(`SendGrid refused the mail (${status}).${hint}`, 'mail_refused');
  }
  const resetAtSeconds = Number(response.headers?.['x-ratelimit-reset']);
  const waitMs = Math.min(Math.max(resetAtSeconds * 1000 - Date.now(), 1_000), 3_600_000);
  return ApplicationFailure.create({
    message: `SendGrid answered ${status}`,
    type: 'mail_unavailable',
    ...(status === 429 && Number.isFinite(waitMs) ? { nextRetryDelay: waitMs } : {}),
  });
}
