import { createServer, type AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import { request, signUp } from '../../support/api-client.ts';
import type { Product } from '../../support/product.ts';
import { rawBytes } from '../../support/raw-http.ts';
import { readScripted } from '../../support/scripted-record.ts';

const BODY = { model: 'any', messages: [{ role: 'user', content: 'hi' }], max_tokens: 1 };

/** S2: in every form of the path, only a key that may use the endpoint reaches it, and nothing leads elsewhere. */
export async function onlyThePathSelects(product: Product): Promise<void> {
  const [a, b] = [await signUp(product.baseUrl, 's2a'), await signUp(product.baseUrl, 's2b')];
  const id = await a.provision();
  await a.reaches(id, 'up');
  const canary = await startCanary();
  const bait = baitHeaders(canary.port);
  const forms = [
    '/chat/completions',
    '/v1/chat/completions',
    '/chat/completions/',
    '//chat/completions',
    '/CHAT/COMPLETIONS',
  ];
  const outside = [
    '/v1/../admin',
    '/%2e%2e/admin',
    '/..%2f..%2fadmin',
    '/v1/sleep',
    '/v1/load_lora_adapter',
    '/metrics',
    '/props',
    '/v1/v1/chat/completions',
  ];

  for (const path of [...forms, ...outside]) {
    const url = `${product.baseUrl}/api/d/${id}${path}`;
    const nobody = await request(url, 'POST', { body: BODY, headers: bait });
    expect([path, [401, 404].includes(nobody.status)]).toEqual([path, true]);
    const stranger = await request(url, 'POST', {
      body: BODY,
      headers: { ...bait, authorization: `Bearer ${b.key.key}` },
    });
    expect([path, stranger.status]).toEqual([path, 404]);
    const owner = await request(url, 'POST', {
      body: { ...BODY, base_url: `http://127.0.0.1:${canary.port}`, api_base: `http://127.0.0.1:${canary.port}` },
      headers: { ...bait, authorization: `Bearer ${a.key.key}` },
    });
    expect([path, outside.includes(path) ? [404] : [200, 404]]).toEqual([path, expect.arrayContaining([owner.status])]);
  }
  for (const target of [
    `//127.0.0.1:${canary.port}/x`,
    `http://127.0.0.1:${canary.port}/x`,
    `/\\127.0.0.1:${canary.port}/x`,
  ]) {
    const { host } = new URL(product.baseUrl);
    for (const path of [target, `/api/d/${id}/${target}`]) {
      const bytes = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${a.key.key}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
      const status = await rawBytes(product.baseUrl, bytes);
      expect([path, status >= 400 && status < 500]).toEqual([path, true]);
    }
  }
  expect(canary.connections()).toBe(0);
  await canary.close();

  // What the node saw: our own allow-list of headers and its own secret, nothing of the client's.
  const [instance] = await product.instances(id);
  const lines = instance ? await readScripted(instance) : [];
  const seen = lines.filter((line) => line.event === 'request').map((line) => line.headers ?? {});
  expect(seen.length).toBeGreaterThan(1);
  const names = new Set(seen.flatMap((headers) => Object.keys(headers)));
  for (const name of [...Object.keys(bait), 'cookie']) expect([name, names.has(name)]).toEqual([name, false]);
  expect(seen.some((headers) => Object.values(headers).some((value) => value.includes(a.key.key)))).toBe(false);
}

function baitHeaders(port: number): Record<string, string> {
  const url = `http://127.0.0.1:${port}`;
  return {
    'x-portkey-custom-host': url,
    'x-base-url': url,
    'x-forwarded-host': `127.0.0.1:${port}`,
    'x-forwarded-for': '10.0.0.1',
    'x-original-url': '/admin',
    'x-rewrite-url': '/admin',
    'x-api-key': 'stolen',
  };
}

interface Canary {
  port: number;
  connections: () => number;
  close: () => Promise<void>;
}

/** Listens where nothing should ever come. */
async function startCanary(): Promise<Canary> {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
