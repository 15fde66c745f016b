/**
 * SendGrid's mail API on loopback: checks what it is sent as strictly as the real one, records accepted
 * mails, and fails on demand.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

const Address = z.strictObject({ email: z.email(), name: z.string().optional() });

/** The part of POST /v3/mail/send that senders of single mails use; anything else is refused. */
const MailSend = z.strictObject({
  personalizations: z
    .array(
      z.strictObject({
        to: z.array(Address).min(1),
        cc: z.array(Address).min(1).optional(),
        bcc: z.array(Address).min(1).optional(),
        subject: z.string().min(1).optional(),
        headers: z.record(z.string(), z.string()).optional(),
        custom_args: z.record(z.string(), z.string()).optional(),
      }),
    )
    .min(1)
    .max(1000),
  from: Address,
  reply_to: Address.optional(),
  subject: z.string().min(1).optional(),
  content: z.array(z.strictObject({ type: z.string().min(1), value: z.string().min(1) })).min(1),
  categories: z.array(z.string().max(255)).max(10).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  custom_args: z.record(z.string(), z.string()).optional(),
  tracking_settings: z.looseObject({}).optional(),
  mail_settings: z.looseObject({}).optional(),
});

export type SentMail = z.infer<typeof MailSend>;

/** What the next request gets instead of an answer. `accept-then-drop` takes the mail and cuts the line. */
export type SendGridFault = 'rate-limit' | 'server-error' | 'bad-key' | 'drop' | 'accept-then-drop';

export interface FakeSendGrid {
  url: string;
  apiKey: string;
  mails: SentMail[];
  /** Bodies that were refused, with the reason. */
  refused: { status: number; body: string }[];
  /** Faults for the next requests, first in, first out. */
  faults: SendGridFault[];
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 30 * 2 ** 20;

export async function startFakeSendGrid(apiKey = 'SG.fake.key'): Promise<FakeSendGrid> {
  const mails: SentMail[] = [];
  const refused: { status: number; body: string }[] = [];
  const faults: SendGridFault[] = [];
  const server = createServer((req, res) => {
    const refuse = (status: number, message: string, field: string | null, body = ''): void => {
      refused.push({ status, body });
      res
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ errors: [{ message, field, help: null }] }));
    };
    const handle = async (): Promise<void> => {
      const body = await readBody(req);
      const fault = faults.shift();
      if (fault === 'drop') return void res.destroy();
      if (fault === 'rate-limit') {
        res.setHeader('x-ratelimit-limit', '600').setHeader('x-ratelimit-remaining', '0');
        res.setHeader('x-ratelimit-reset', String(Math.ceil(Date.now() / 1000) + 1));
        return refuse(429, 'too many requests', null, body);
      }
      if (fault === 'server-error') return refuse(500, 'An unexpected error has occurred', null, body);
      if (fault === 'bad-key' || req.headers.authorization !== `Bearer ${apiKey}`) {
        return refuse(401, 'The provided authorization grant is invalid, expired, or revoked', null, body);
      }
      if (req.method !== 'POST' || req.url !== '/v3/mail/send') return refuse(404, 'not found', null, body);
      if (!req.headers['content-type']?.startsWith('application/json'))
        return refuse(415, 'Content-Type should be application/json.', null, body);
      const mail = parse(body);
      if (typeof mail === 'string') return refuse(400, mail, mail.split(':')[0] ?? null, body);
      mails.push(mail);
      if (fault === 'accept-then-drop') return void res.destroy();
      res.writeHead(202, { 'x-message-id': `fake-message-${mails.length}` }).end();
    };
    handle().catch(() => res.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey,
    mails,
    refused,
    faults,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > BODY_BYTES_MAX) throw new Error('mail too large');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The mail, or a sentence that says what is wrong with it. */
function parse(body: string): SentMail | string {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return 'body: Bad Request, not JSON';
  }
  const parsed = MailSend.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `${issue?.path.join('.') || 'body'}: ${issue?.message}`;
  }
  const mail = parsed.data;
  if (!mail.subject && mail.personalizations.some((one) => !one.subject)) return 'subject: The subject is required.';
  return mail;
}
