import { expect } from '@jest/globals';
import OpenAI from 'openai';
import { request, signUp } from '../../support/api-client.ts';
import { describeChat } from '../../support/chat-client.ts';
import { eventually } from '../../support/eventually.ts';
import type { Product } from '../../support/product.ts';
import { readScripted } from '../../support/scripted-record.ts';

const LOAD_SECONDS = 13;

/** What clients that wait for a wake are told, by a stream and by a plain request. */
export async function waitingClientsAreTold(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'waiting');
  const id = await owner.provision({ env: { SCRIPT_LOAD_SECONDS: String(LOAD_SECONDS) } });
  await owner.reaches(id, 'up', 40_000);
  await owner.command(id, 'hibernate');
  await owner.reaches(id, 'hibernated');

  const openai = new OpenAI({ baseURL: `${product.baseUrl}/api/d/${id}/v1`, apiKey: owner.key.key, maxRetries: 0 });
  const [stream, texts, impatient, preferring] = await Promise.all([
    owner.chat(id, { stream: true }),
    streamWithOpenai(openai),
    owner.chat(id, { headers: { 'x-scale-up-timeout': '1' } }),
    owner.chat(id, { headers: { prefer: 'wait=1' } }),
  ]);
  expect(describeChat(stream)).toMatch(/^200 .*complete=true/);
  expect(stream.comments[0]).toMatch(/^: waking stage=\w+ elapsed=\d+( eta=\d+)?$/);
  expect(stream.headers.get('cache-control')).toContain('no-store');
  expect(stream.headers.get('x-accel-buffering')).toBe('no');
  expect(texts.join('')).toBe('tok0 tok1 tok2 tok3 ');

  for (const answer of [impatient, preferring]) {
    expect([answer.status, answer.code, answer.headers.get('x-should-retry')]).toEqual([
      503,
      'endpoint_waking',
      'true',
    ]);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(2);
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(30);
    expect(JSON.parse(answer.raw)).toMatchObject({
      error: { message: expect.any(String), type: 'service_unavailable', param: null, code: 'endpoint_waking' },
      endpoint: { status: expect.stringMatching(/hibernated|waking/) },
    });
    expect(answer.totalMs).toBeGreaterThan(900);
    expect(answer.totalMs).toBeLessThan(3_000);
  }
  expect(preferring.headers.get('preference-applied')).toBe('wait=1');
}

async function streamWithOpenai(openai: OpenAI): Promise<string[]> {
  const messages = [{ role: 'user' as const, content: 'hi' }];
  const texts: string[] = [];
  for await (const chunk of await openai.chat.completions.create({
    model: 'any',
    messages,
    max_tokens: 4,
    stream: true,
  })) {
    texts.push(chunk.choices[0]?.delta.content ?? '');
  }
  return texts;
}

/** A client that leaves ends the generation within a second; what is passed back is an allow-list. */
export async function leavingClientsEndTheirWork(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'leaving');
  const id = await owner.provision();
  await owner.reaches(id, 'up');
  const whole = await owner.chat(id);
  expect(whole.headers.get('x-endpoint-id')).toBe(id);
  expect(whole.headers.get('x-endpoint-status')).toBe('up');
  expect(whole.headers.get('x-request-id')).toMatch(/\S/);
  const streamed = await owner.chat(id, { stream: true });
  expect(streamed.headers.get('x-scripted-secret')).toBeNull();
  expect(streamed.raw.endsWith('data: [DONE]\n\n')).toBe(true);

  for (const stream of [true, false]) {
    const before = await aborts(product, id);
    const abort = new AbortController();
    const call = owner.chat(id, { stream, maxTokens: 300, tokenMs: 50, signal: abort.signal });
    await eventually(async () => (await requests(product, id)) > before.requests, {
      message: 'the runtime is at work',
    });
    abort.abort();
    const leftMs = performance.now();
    await eventually(async () => (await aborts(product, id)).count > before.count, {
      timeoutMs: 3_000,
      message: `the runtime stopped (stream ${stream})`,
    });
    expect(performance.now() - leftMs).toBeLessThan(2_000);
    expect((await call).isComplete).toBe(false);
  }
  const keyless = await request(`${product.baseUrl}/api/d/${id}/v1/chat/completions`, 'POST', {
    body: { messages: [] },
  });
  expect([keyless.status, keyless.json]).toMatchObject([
    401,
    { error: { code: 'invalid_api_key', type: expect.any(String), param: null } },
  ]);
}

async function aborts(product: Product, id: string): Promise<{ count: number; requests: number }> {
  const [instance] = await product.instances(id);
  const lines = instance ? await readScripted(instance) : [];
  return {
    count: lines.filter((line) => line.event === 'abort').length,
    requests: lines.filter((line) => line.event === 'request').length,
  };
}

async function requests(product: Product, id: string): Promise<number> {
  return (await aborts(product, id)).requests;
}
