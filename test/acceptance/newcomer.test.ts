/**
 * What a newcomer does on the first evening, with the real runtime and the model that comes with it: sign
 * up, deploy, ask with the official clients, see it sleep and wake, delete it. Runs in order; each step
 * builds on the one before.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { signUp, statusPath, type Owner } from '../support/api-client.ts';
import { describeChat, type ChatAnswer } from '../support/chat-client.ts';
import { eventually } from '../support/eventually.ts';
import { rounds } from '../support/pace.ts';
import { startProduct, type Product } from '../support/product.ts';
import { askWithPython, installPythonOpenai } from '../support/python-openai.ts';
import { expectTidyWorld } from './cases/tidy-world.ts';

const IDLE_SECONDS = 5;
const MESSAGES = [{ role: 'user' as const, content: 'Tell me a short story about a lighthouse.' }];

describe('a newcomer', () => {
  let product: Product;
  let owner: Owner;
  let id: string;
  let openai: OpenAI;

  beforeAll(async () => {
    // One thread, because the machine that tests is busy with other things too.
    product = await startProduct({
      name: 'newcomer',
      runtime: 'real',
      env: { LOCAL_RUNTIME_THREADS: '1', BRING_UP_DEADLINE_SECONDS: '120' },
    });
  }, 300_000);
  afterAll(() => product?.dispose(), 60_000);

  it('signs up, deploys the built-in model, and has it up within a minute and told by mail', async () => {
    owner = await signUp(product.baseUrl, 'newcomer');
    id = await owner.provision({ idleTimeoutSeconds: IDLE_SECONDS });
    const building = await owner.get(id);
    expect([building.status, building.badge]).toEqual(['building', 'BUILDING']);
    const up = await owner.reaches(id, 'up', 60_000);
    expect(up.badge).toBe('ONLINE');
    expect(up.defaultUrl).toBe(`${product.baseUrl}/api/d/${id}/chat/completions`);
    await eventually(async () => (await product.mails(id)).length > 0, { message: 'the ready mail is there' });
    const mails = await product.mails(id);
    expect(mails.map((mail) => [mail.event, mail.to])).toEqual([['ready', owner.email]]);
    expect(mails[0]?.text).toContain(id);
    openai = new OpenAI({ baseURL: `${product.baseUrl}/api/d/${id}/v1`, apiKey: owner.key.key, maxRetries: 0 });
  }, 90_000);

  it('gets text from the official JavaScript client, whole and streamed', async () => {
    const whole = await openai.chat.completions.create({ model: 'any', messages: MESSAGES, max_tokens: 12 });
    expect(whole.choices[0]?.message.content).toMatch(/\w{2}/);
    expect(whole.usage?.completion_tokens).toBe(12);
    let text = '';
    let chunks = 0;
    for await (const chunk of await openai.chat.completions.create({
      model: 'any',
      messages: MESSAGES,
      max_tokens: 12,
      stream: true,
    })) {
      text += chunk.choices[0]?.delta.content ?? '';
      chunks += 1;
    }
    expect(text).toMatch(/\w{2}/);
    expect(chunks).toBeGreaterThan(3);
    const models = await openai.models.list();
    expect(models.data.length).toBeGreaterThan(0);
  }, 60_000);

  it('streams to a second client while the first is still streaming', async () => {
    const second: Promise<ChatAnswer>[] = [];
    let isFirstOver = false;
    let begunWhileFirst = false;
    const onSecondToken = () => (begunWhileFirst ||= !isFirstOver);
    const first = await owner.chat(id, {
      stream: true,
      maxTokens: 60,
      onToken: (_, count) => {
        if (count === 1) second.push(owner.chat(id, { stream: true, maxTokens: 5, onToken: onSecondToken }));
      },
    });
    isFirstOver = true;
    for (const answer of [first, ...(await Promise.all(second))]) {
      expect(describeChat(answer)).toMatch(/^200 .*complete=true/);
    }
    expect(begunWhileFirst).toBe(true);
  }, 60_000);

  it('gets text from the official Python client, whole and streamed', async () => {
    const folder = await installPythonOpenai();
    if (!folder) return;
    const answers = await askWithPython(folder, `${product.baseUrl}/api/d/${id}/v1`, owner.key.key);
    expect(answers.whole.trim()).not.toBe('');
    expect(answers.streamed.trim()).not.toBe('');
    expect(answers.chunks).toBeGreaterThan(3);
    expect(answers.models.length).toBeGreaterThan(0);
  }, 360_000);

  it('finds it asleep with no process after the idle timeout, and awake for the next request', async () => {
    await owner.reaches(id, 'hibernated', (IDLE_SECONDS + 10) * 1000);
    expect(await product.instances(id)).toEqual([]);
    const answer = await openai.chat.completions.create(
      { model: 'any', messages: MESSAGES, max_tokens: 4, temperature: 0 },
      { maxRetries: 0 },
    );
    expect(answer.choices[0]?.message.content).toMatch(/\w/);
    expect(await product.instances(id)).toHaveLength(1);
  }, 60_000);

  it('sees ten sleeps in a row end with an answer', async () => {
    for (let cycle = 0; cycle < rounds(10); cycle += 1) {
      await owner.command(id, 'hibernate');
      await owner.reaches(id, 'hibernated');
      expect(describeChat(await owner.chat(id, { stream: cycle % 2 === 0, maxTokens: 2 }))).toMatch(
        /^200 .*complete=true/,
      );
    }
    expect(await product.instances(id)).toHaveLength(1);
    expect((await product.mails(id)).map((mail) => mail.event)).toEqual(['ready']);
  }, 180_000);

  it('has 40 simultaneous first requests answered by one wake', async () => {
    await owner.command(id, 'hibernate');
    await owner.reaches(id, 'hibernated');
    const before = (await owner.events(id)).length;
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => owner.chat(id, { stream: i % 2 === 0, maxTokens: 1 })),
    );
    for (const answer of answers) expect(describeChat(answer)).toMatch(/^200 .*complete=true/);
    expect(statusPath((await owner.events(id)).slice(before)).slice(0, 2)).toEqual(['waking', 'up']);
    expect(statusPath((await owner.events(id)).slice(before)).filter((status) => status === 'waking')).toHaveLength(1);
  }, 120_000);

  it('deletes it, and nothing is left', async () => {
    expect((await owner.delete(id)).status).toBe(202);
    await owner.vanishes(id);
    expect(await product.instances()).toEqual([]);
    expect(await readdir(path.join(product.home, 'nodes')).catch(() => [])).toEqual([]);
    await expectTidyWorld(product);
  }, 60_000);
});
