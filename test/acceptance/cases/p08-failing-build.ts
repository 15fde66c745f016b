import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect } from '@jest/globals';
import { signUp, story } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import type { Product } from '../../support/product.ts';

/** P08: a build that cannot work ends, says why, leaves nothing running, and can be tried again in place. */
export async function failingBuildEnds(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'p08');
  const flag = path.join(os.tmpdir(), `hypervize-exit-${randomBytes(6).toString('hex')}`);
  await writeFile(flag, '');
  try {
    const id = await owner.provision({ env: { SCRIPT_EXIT_IF_FILE: flag } });
    // Somebody waits from the start: they are told as soon as it is over.
    const waiting = owner.request('GET', `/api/endpoints/${id}?waitFor=terminal&timeout=60`);
    const failed = await owner.reaches(id, 'failed', 60_000);
    expect((await waiting).json).toMatchObject({ id, status: 'failed' });
    expect(failed.statusReason).toBe('runtime_crash_loop');
    expect(failed.statusMessage).toContain('cannot load the model, giving up');
    expect(failed.badge).toBe('FAILED');
    const logs = await owner.request('GET', `/api/endpoints/${id}/logs`);
    expect(logs.status).toBe(200);
    for (const text of [failed.statusMessage, logs.text, await story(owner, id)]) {
      expect(text).not.toMatch(/with key [A-Za-z0-9_-]{16,}/);
    }

    await eventually(async () => (await product.instances(id)).length === 0, {
      timeoutMs: 10_000,
      message: 'no process is left',
    });
    expect(failed.price.costSoFar ?? 0).toBe((await owner.get(id)).price.costSoFar ?? 0);
    const again = await owner.request('GET', `/api/endpoints/${id}?waitFor=terminal&timeout=60`);
    expect([again.status, again.tookMs < 1_500]).toEqual([200, true]);

    const chat = await owner.chat(id);
    expect([chat.status, chat.code, chat.headers.get('x-should-retry')]).toEqual([503, 'endpoint_failed', 'false']);
    expect(chat.totalMs).toBeLessThan(1_500);
    await eventually(async () => (await product.mails(id)).length > 0, { message: 'the failure mail is there' });
    expect((await product.mails(id)).map((mail) => mail.event)).toEqual(['failed']);

    await rm(flag);
    expect((await owner.command(id, 'retry')).status).toBe(202);
    await owner.reaches(id, 'up');
    expect((await owner.chat(id)).status).toBe(200);
    await eventually(async () => (await product.mails(id)).length > 1, { message: 'the ready mail is there' });
    expect((await product.mails(id)).map((mail) => mail.event).sort()).toEqual(['failed', 'ready']);
  } finally {
    await rm(flag, { force: true });
  }
}
