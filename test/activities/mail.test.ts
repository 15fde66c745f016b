import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApplicationFailure } from '@temporalio/common';
import { outboxFolderMailer } from '../../activities/mail/outbox-folder.ts';
import { sendGridMailer } from '../../activities/mail/sendgrid.ts';
import { renderMail } from '../../activities/mail/templates.ts';
import { type FakeSendGrid, type SendGridFault, startFakeSendGrid } from '../support/fake-sendgrid.ts';

const MAIL = {
  mailId: 'mail-1',
  to: 'ada@example.com',
  subject: 'It is ready',
  text: 'text',
  html: '<p>html</p>',
  event: 'ready' as const,
  endpointId: 'endpt-000000000000',
};

describe('SendGrid', () => {
  let fake: FakeSendGrid;
  beforeAll(async () => {
    fake = await startFakeSendGrid();
  });
  afterAll(async () => {
    await fake?.close();
  });
  afterEach(() => {
    fake.faults.length = 0;
  });

  const mailer = (apiKey = fake.apiKey) =>
    sendGridMailer({ apiKey, baseUrl: fake.url, from: 'Hypervize <from@example.com>' });
  const failure = async (fault: SendGridFault) => {
    fake.faults.push(fault);
    return mailer()
      .send(MAIL)
      .then(
        () => {
          throw new Error('expected a failure');
        },
        (error: ApplicationFailure) => error,
      );
  };

  it('accepts a mail as we send it, and tells its id', async () => {
    const { messageId } = await mailer().send(MAIL);
    expect(messageId).toEqual(expect.any(String));
    expect(fake.mails.at(-1)).toMatchObject({
      from: { email: 'from@example.com', name: 'Hypervize' },
      subject: 'It is ready',
    });
    expect(JSON.stringify(fake.mails.at(-1))).toContain('"mailId":"mail-1"');
  });

  it.each([
    ['is down', 'server-error'],
    ['cuts the line', 'drop'],
    ['is busy', 'rate-limit'],
  ] as const)('is tried again when it %s', async (_, fault) => {
    expect(await failure(fault)).toMatchObject({ type: 'mail_unavailable', nonRetryable: false });
  });

  it('is left alone as long as it asks for', async () => {
    expect((await failure('rate-limit')).nextRetryDelay).toBeGreaterThanOrEqual(1_000);
  });

  it('is not asked again with a key that it refuses, and the key is not shown', async () => {
    const error = await failure('bad-key');
    expect(error).toMatchObject({ type: 'mail_refused', nonRetryable: true });
    expect(error.message).toContain('SENDGRID_API_KEY');
    expect(JSON.stringify(error)).not.toContain(fake.apiKey);
  });
});

describe('the outbox folder', () => {
  it('holds one file a mail, also when the mail is sent twice', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'outbox-'));
    await outboxFolderMailer(folder).send(MAIL);
    await outboxFolderMailer(folder).send(MAIL);
    const names = await readdir(folder);
    expect(names).toHaveLength(1);
    const { mailId: _, ...shown } = MAIL;
    expect(JSON.parse(await readFile(path.join(folder, names[0] ?? ''), 'utf8'))).toEqual(shown);
    await rm(folder, { recursive: true });
  });
});

describe('a mail', () => {
  const place = { endpointId: 'endpt-000000000000', publicUrl: 'https://hypervize.example' };

  it.each(['ready', 'failed', 'update_failed'] as const)('of kind %s names the endpoint and its URL', (event) => {
    const mail = renderMail(event, { name: 'chat', model: 'org/model', reason: 'model_gated', message: 'Why.' }, place);
    expect(mail.text).toContain(place.endpointId);
    expect(mail.text).toContain(place.publicUrl);
    expect(mail.subject).toContain('chat (org/model)');
  });

  it('shows what an owner typed as text, never as markup', () => {
    const data = { name: '<img src=x onerror=alert(1)>', model: 'org/model', reason: null, message: '' };
    expect(renderMail('ready', data, place).html).not.toContain('<img');
  });
});
