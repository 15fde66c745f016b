import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NodeObservation, NodeSpec } from '../../providers/provider.ts';
import { eventually } from '../support/eventually.ts';
import { type HubFile, startHubFile } from './support/hub-file.ts';
import { createLocalNodes, type LocalNodes } from './support/local-nodes.ts';

describe('weights from the Hub', () => {
  let hub: HubFile;
  let nodes: LocalNodes;

  beforeEach(async () => {
    hub = await startHubFile();
    nodes = await createLocalNodes({ hub: { endpoint: hub.endpoint, token: 'hf_of_the_operator' } });
  });
  afterEach(async () => {
    await nodes.dispose();
    await hub.close();
  });

  const weightsSpec = (overrides: Partial<NodeSpec> = {}) =>
    nodes.spec({
      model: 'org/name-GGUF',
      revision: 'abc123',
      files: [{ path: 'q4/model.gguf', sizeBytes: hub.bytes.length, sha256: hub.sha256 }],
      ...overrides,
    });
  const stored = () => path.join(nodes.home, 'models/org--name-GGUF/abc123/q4/model.gguf');

  async function serves(spec: NodeSpec): Promise<{ env: Record<string, string> }> {
    await nodes.provider().launch(spec);
    return eventually(async () => {
      const address = (await nodes.provider().describe(spec.token))?.address;
      const answer = await fetch(String(address), { headers: { authorization: `Bearer ${spec.secret}` } });
      return (await answer.json()) as { env: Record<string, string> };
    });
  }

  async function fails(spec: NodeSpec): Promise<NodeObservation> {
    await nodes.provider().launch(spec);
    return eventually(async () => {
      const node = await nodes.provider().describe(spec.token);
      return node?.state === 'stopped' && node.report?.failure ? node : null;
    });
  }

  it('are whole and at the path that the runtime is told, and the next node does not fetch them again', async () => {
    const { env } = await serves(weightsSpec());
    expect(env['MODEL_PATH']).toBe(stored());
    expect(await readFile(stored())).toEqual(hub.bytes);
    await serves(weightsSpec());
    expect(hub.requests).toHaveLength(1);
    expect(hub.requests[0]?.url).toBe('/org/name-GGUF/resolve/abc123/q4/model.gguf');
  });

  it('are continued where a cut connection left them', async () => {
    hub.mishaps.push({ cutAfterBytes: 100_000 });
    await serves(weightsSpec());
    expect(await readFile(stored())).toEqual(hub.bytes);
    expect(hub.requests.map((request) => request.range)).toEqual([null, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  });

  it('are fetched once by two nodes that want them at the same time', async () => {
    await Promise.all([serves(weightsSpec()), serves(weightsSpec())]);
    expect(hub.requests).toHaveLength(1);
  });

  it('are asked for again after 429 and 5xx, not sooner than told', async () => {
    hub.mishaps.push({ status: 429, headers: { 'retry-after': '1' } }, { status: 503 });
    const startedAtMs = performance.now();
    await serves(weightsSpec());
    expect(performance.now() - startedAtMs).toBeGreaterThan(1000);
    expect(hub.requests).toHaveLength(3);
  });

  it('carry the endpoint’s token before the operator’s', async () => {
    await serves(weightsSpec({ huggingFaceToken: 'hf_of_the_endpoint' }));
    await serves(weightsSpec({ revision: 'other' }));
    expect(hub.requests.map((request) => request.authorization)).toEqual([
      'Bearer hf_of_the_endpoint',
      'Bearer hf_of_the_operator',
    ]);
  });

  it('do not carry the token to another host that a redirect names', async () => {
    const storage = await startHubFile();
    storage.bytes = hub.bytes;
    hub.mishaps.push({ status: 302, headers: { location: `${storage.endpoint}/signed` } });
    await serves(weightsSpec());
    expect(storage.requests).toEqual([{ url: '/signed', range: null, authorization: null }]);
    await storage.close();
  });

  it('with other bytes than announced are thrown away and the node says so', async () => {
    const node = await fails(
      weightsSpec({ files: [{ path: 'm.gguf', sizeBytes: hub.bytes.length, sha256: 'f'.repeat(64) }] }),
    );
    expect(node.report?.failure?.code).toBe('weights_download_failed');
    expect(await readdir(path.join(nodes.home, 'models/org--name-GGUF/abc123'))).toEqual(['m.gguf.lock']);
  });

  it.each([
    { status: 401, headers: {} as Record<string, string>, code: 'model_gated', says: 'accept the licence at' },
    { status: 403, headers: {}, code: 'model_gated', says: 'then add a token' },
    { status: 404, headers: {}, code: 'model_not_found', says: 'check the model and its revision' },
    { status: 401, headers: { 'x-error-code': 'RepoNotFound' }, code: 'model_not_found', says: 'org/name-GGUF' },
  ])('that the Hub answers with $status $headers end as $code', async ({ status, headers, code, says }) => {
    hub.mishaps.push({ status, headers });
    const node = await fails(weightsSpec());
    expect(node.report?.failure).toEqual({ code, message: expect.stringContaining(says) });
    expect(hub.requests).toHaveLength(1);
  });

  it.each(['../../outside.gguf', '/etc/outside.gguf', 'a/../../../outside.gguf', 'a\\b.gguf'])(
    'never land outside their folder: %s',
    async (name) => {
      const node = await fails(weightsSpec({ files: [{ path: name, sizeBytes: 10, sha256: null }] }));
      expect(node.report?.failure?.code).toBe('weights_download_failed');
      expect(hub.requests).toHaveLength(0);
    },
  );

  it('show how far they are while they come', async () => {
    hub.mishaps.push({ cutAfterBytes: 150_000 }, { status: 503, headers: { 'retry-after': '2' } });
    const spec = weightsSpec();
    await nodes.provider().launch(spec);
    const report = await eventually(async () => {
      const seen = (await nodes.provider().describe(spec.token))?.report;
      return seen?.stage === 'downloading_weights' && seen.progress ? seen : null;
    });
    expect(report.progress).toBeGreaterThan(0);
    expect(report.progress).toBeLessThan(1);
  });
});
