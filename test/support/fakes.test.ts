/** The stand-ins behave as the services that they stand for, as far as the official clients can tell. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { downloadFile, listFiles, modelInfo } from '@huggingface/hub';
import { chat, describeChat } from './chat-client.ts';
import { eventually } from './eventually.ts';
import { FAKE_COMMIT, startFakeHub, type FakeHub } from './fake-hub.ts';
import { startFakeSendGrid, type FakeSendGrid } from './fake-sendgrid.ts';
import { isAlive } from './process-truth.ts';
import { peakInFlight, readScripted } from './scripted-record.ts';

describe('the fake Hub', () => {
  let hub: FakeHub;
  beforeAll(async () => {
    hub = await startFakeHub();
  });
  afterAll(() => hub.close());

  it('tells about a model, lists its files over pages and hands them out', async () => {
    const info = await modelInfo({ name: 'fake/tiny-GGUF', hubUrl: hub.url, additionalFields: ['sha'] });
    expect(info).toMatchObject({ name: 'fake/tiny-GGUF', sha: FAKE_COMMIT, gated: false });
    const paths: string[] = [];
    for await (const file of listFiles({ repo: 'fake/many-files-GGUF', recursive: true, hubUrl: hub.url }))
      paths.push(file.path);
    expect(paths).toHaveLength(9);
    const blob = await downloadFile({ repo: 'fake/tiny-GGUF', path: 'model-Q4_1.gguf', hubUrl: hub.url });
    const bytes = blob ? Buffer.from(await blob.arrayBuffer()) : null;
    expect(bytes).toEqual(hub.repos.get('fake/tiny-GGUF')?.files['model-Q4_1.gguf']);
  });

  it('refuses as the live Hub does: by status and by X-Error-Code', async () => {
    const ask = async (target: string, headers: Record<string, string> = {}) => {
      const response = await fetch(hub.url + target, { headers });
      await response.body?.cancel();
      return [response.status, response.headers.get('x-error-code'), response.headers.get('retry-after')];
    };
    const gatedFile = '/fake/gated-GGUF/resolve/main/model-Q4_1.gguf';
    const answers = [
      await ask(gatedFile),
      await ask(gatedFile, { authorization: 'Bearer hf_other' }),
      await ask('/api/models/fake/none/revision/HEAD'),
      await ask('/api/models/fake/private-GGUF/revision/HEAD'),
      await ask('/api/models/fake/busy-GGUF/revision/HEAD'),
      await ask('/fake/tiny-GGUF/resolve/main/nothing'),
    ];
    expect(answers).toEqual([
      [401, 'GatedRepo', null],
      [403, 'GatedRepo', null],
      [401, 'RepoNotFound', null],
      [401, 'RepoNotFound', null],
      [429, null, '1'],
      [404, 'EntryNotFound', null],
    ]);
  });
});

describe('the fake SendGrid', () => {
  let sendGrid: FakeSendGrid;
  beforeAll(async () => {
    sendGrid = await startFakeSendGrid();
  });
  afterAll(() => sendGrid.close());

  const send = async (mail: unknown): Promise<number> => {
    const response = await fetch(`${sendGrid.url}/v3/mail/send`, {
      method: 'POST',
      headers: { authorization: `Bearer ${sendGrid.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(mail),
    });
    await response.text();
    return response.status;
  };
  const mail = {
    personalizations: [{ to: [{ email: 'a@example.test' }] }],
    from: { email: 'b@example.test' },
    subject: 'Ready',
    content: [{ type: 'text/plain', value: 'It is ready.' }],
    custom_args: { mailId: 'm1' },
  };

  it('takes a mail and refuses what SendGrid would refuse', async () => {
    expect(await send(mail)).toBe(202);
    for (const wrong of [
      { ...mail, personalizations: [] },
      { ...mail, subject: undefined },
      { ...mail, content: [] },
      { ...mail, custom_args: { mailId: 1 } },
      { ...mail, from: 'b@example.test' },
      { ...mail, surprise: true },
    ]) {
      expect(await send(wrong)).toBe(400);
    }
    expect(sendGrid.mails).toHaveLength(1);
  });

  it('fails on demand, in order', async () => {
    sendGrid.faults.push('rate-limit', 'server-error', 'bad-key');
    expect([await send(mail), await send(mail), await send(mail), await send(mail)]).toEqual([429, 500, 401, 202]);
    sendGrid.faults.push('drop');
    await expect(send(mail)).rejects.toThrow('fetch failed');
  });
});

describe('the scripted runtime', () => {
  let child: ChildProcess;
  let folder: string;
  let address: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'scripted-'));
    const port = await freePort();
    address = `http://127.0.0.1:${port}`;
    child = spawn(process.execPath, [path.join(import.meta.dirname, 'scripted-runtime.mjs')], {
      env: {
        HOST: '127.0.0.1',
        PORT: String(port),
        API_KEY: 'k',
        MODEL: 'm',
        NODE_DIR: folder,
        SCRIPT_LOAD_SECONDS: '1',
        SCRIPT_MARKER: 'MARK',
      },
      stdio: 'ignore',
    });
  });
  afterAll(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  it('loads, then answers whole and streamed, to its key only, and ends on SIGTERM', async () => {
    const health = async () => (await fetch(`${address}/health`)).status;
    await eventually(async () => (await health()) === 503, { message: 'it says that it loads' });
    await eventually(async () => (await health()) === 200, { message: 'it has loaded' });
    const whole = await chat(`${address}/v1`, { key: 'k' });
    expect([describeChat(whole), whole.content]).toEqual([
      expect.stringMatching(/^200 .*complete=true/),
      'MARK MARK MARK MARK ',
    ]);
    const streamed = await chat(`${address}/v1`, { key: 'k', stream: true, maxTokens: 3, tokenMs: 5 });
    expect([streamed.tokens, streamed.isComplete]).toEqual([3, true]);
    expect((await chat(`${address}/v1`, { key: 'x' })).status).toBe(401);
    const lines = await readScripted({ folder, endpointId: '', pids: [], runtimes: 1 });
    expect(lines.map((line) => line.event)).toEqual(['start', 'request', 'done', 'request', 'done', 'unauthorized']);
    expect(peakInFlight(lines)).toBe(1);
    const pid = child.pid ?? 0;
    child.kill('SIGTERM');
    await eventually(async () => !(await isAlive(pid)), { message: 'it has ended' });
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
