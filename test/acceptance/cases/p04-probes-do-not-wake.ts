import { expect } from '@jest/globals';
import { request, signUp, statusPath, type Answer, type Owner } from '../../support/api-client.ts';
import { pause } from '../../support/pace.ts';
import type { Product } from '../../support/product.ts';

const IDLE_SECONDS = 5;
const PROBED_SECONDS = 14;

/** P04: probes, scrapes, dashboards and refused requests neither wake an endpoint nor keep it awake. */
export async function probesDoNotWake(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'p04');
  const id = await owner.provision({ idleTimeoutSeconds: IDLE_SECONDS });
  await owner.reaches(id, 'up');
  await owner.chat(id);
  const lastValidMs = performance.now();
  let asleepAfterMs: number | null = null;

  for (let second = 0; second < PROBED_SECONDS; second += 1) {
    for (const [name, probe] of Object.entries(probes(owner, id))) {
      const answer = await probe();
      if (answer.tookMs > 1_500) throw new Error(`${name} took ${Math.round(answer.tookMs)} ms`);
      if (answer.status >= 500) throw new Error(`${name}: ${answer.status} ${answer.text}`);
    }
    if ((await owner.get(id)).status === 'hibernated') asleepAfterMs ??= performance.now() - lastValidMs;
    await pause(700);
  }
  expect(asleepAfterMs).not.toBeNull();
  expect(asleepAfterMs).toBeLessThan((IDLE_SECONDS + 4.5) * 1000);
  expect(statusPath(await owner.events(id))).toEqual(['up', 'hibernated']);
  expect(await product.instances(id)).toEqual([]);

  const key = { authorization: `Bearer ${owner.key.key}` };
  const health = await request(`${product.baseUrl}/api/d/${id}/health`, 'GET', { headers: key });
  expect([health.status, health.json]).toMatchObject([200, { status: 'hibernated', wakeable: true }]);
  const ready = await request(`${product.baseUrl}/api/d/${id}/health?ready=1`, 'GET', { headers: key });
  expect(ready.status).toBe(503);
  const models = await request(`${product.baseUrl}/api/d/${id}/v1/models`, 'GET', { headers: key });
  expect([models.status, models.json]).toMatchObject([200, { object: 'list', data: [{ object: 'model' }] }]);
}

function probes(owner: Owner, id: string): Record<string, () => Promise<Answer>> {
  const url = `${owner.baseUrl}/api/d/${id}`;
  const headers = { authorization: `Bearer ${owner.key.key}` };
  const json = { ...headers, 'content-type': 'application/json' };
  const body = { messages: [{ role: 'user', content: 'hi' }] };
  return {
    'GET models': () => request(`${url}/models`, 'GET', { headers }),
    'GET health': () => request(`${url}/health`, 'GET', { headers }),
    'HEAD models': () => request(`${url}/models`, 'HEAD', { headers }),
    'OPTIONS chat': () => request(`${url}/chat/completions`, 'OPTIONS', { headers: { origin: 'https://app.test' } }),
    'GET chat': () => request(`${url}/chat/completions`, 'GET', { headers }),
    'GET metrics': () => request(`${owner.baseUrl}/metrics`, 'GET'),
    'chat without a key': () => request(`${url}/chat/completions`, 'POST', { body }),
    'chat with broken JSON': () =>
      request(`${url}/chat/completions`, 'POST', { rawBody: '{"messages": [', headers: json }),
    'unknown path': () => request(`${url}/v1/sleep`, 'POST', { body, headers }),
    'dashboard list': () => owner.request('GET', '/api/endpoints'),
    'dashboard timeline': () => owner.request('GET', `/api/endpoints/${id}/events`),
    'dashboard logs': () => owner.request('GET', `/api/endpoints/${id}/logs`),
  };
}
