import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BUILTIN_MODEL } from '../../domain/builtin-model.ts';
import type { NodeSpec } from '../../providers/provider.ts';
import { eventually } from '../support/eventually.ts';
import { createLocalNodes, type LocalNodes } from './support/local-nodes.ts';

const MINUTE = 60_000;

describe('llama.cpp with the built-in model', () => {
  let nodes: LocalNodes;
  let spec: NodeSpec;
  let address: string;

  beforeAll(async () => {
    nodes = await createLocalNodes({ local: { runtimeCommand: null, threads: 1, python: 'python3' } });
    spec = nodes.spec({ model: BUILTIN_MODEL.id, files: [BUILTIN_MODEL.file] });
    const provider = nodes.provider();
    await provider.prepare();
    await provider.launch(spec);
    address = await eventually(async () => (await provider.describe(spec.token))?.address, { timeoutMs: MINUTE });
  }, 3 * MINUTE);
  afterAll(async () => nodes.dispose());

  const ask = (body: object, secret = spec.secret) =>
    fetch(`${address}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'Say hi' }], max_tokens: 6, ...body }),
    });

  it('answers with real text', async () => {
    const answer = (await (await ask({})).json()) as {
      choices: Array<{ message: { content: string } }>;
      model: string;
    };
    expect(answer.choices[0]?.message.content).toMatch(/[a-z]{2}/i);
  });

  it('streams to the end', async () => {
    const text = await (await ask({ stream: true, stream_options: { include_usage: true } })).text();
    expect(text.match(/"delta"/g)?.length).toBeGreaterThan(3);
    expect(text).toContain('"completion_tokens":6');
    expect(text.trimEnd()).toMatch(/data: \[DONE\]$/);
  });

  it('refuses a wrong secret and listens on this machine only', async () => {
    expect((await ask({}, 'wrong')).status).toBe(401);
    expect(new URL(address).hostname).toBe('127.0.0.1');
  });

  it('is known by the model’s name and by the endpoint’s', async () => {
    const models = await (
      await fetch(`${address}/v1/models`, { headers: { authorization: `Bearer ${spec.secret}` } })
    ).text();
    expect(models).toContain(BUILTIN_MODEL.id);
    expect(models).toContain(spec.endpointId);
  });

  it(
    'ends within seconds of a stop in the middle of a stream, and starts again',
    async () => {
      const stream = await ask({ stream: true, max_tokens: 500 });
      const reader = stream.body?.getReader();
      await reader?.read();
      const startedAtMs = performance.now();
      const stopped = await nodes.provider().stop(spec.token, 10);
      expect(stopped?.state).toBe('stopped');
      expect(performance.now() - startedAtMs).toBeLessThan(8_000);
      await reader?.cancel().catch(() => {});
      await nodes.provider().start(spec);
      address = await eventually(async () => (await nodes.provider().describe(spec.token))?.address, {
        timeoutMs: MINUTE,
      });
      expect((await ask({})).status).toBe(200);
    },
    MINUTE,
  );

  it(
    'says that a file which is no model cannot be loaded',
    async () => {
      const broken = nodes.spec({ model: 'some/broken' });
      const { mkdir, writeFile } = await import('node:fs/promises');
      const folder = `${nodes.home}/models/some--broken/main`;
      await mkdir(folder, { recursive: true });
      await writeFile(`${folder}/broken.gguf`, 'GGUF????');
      await nodes.provider().launch({ ...broken, files: [{ path: 'broken.gguf', sizeBytes: 8, sha256: null }] });
      const node = await eventually(
        async () => {
          const seen = await nodes.provider().describe(broken.token);
          return seen?.state === 'stopped' ? seen : null;
        },
        { timeoutMs: MINUTE },
      );
      expect(node.report?.failure?.code).toBe('model_unsupported');
    },
    MINUTE,
  );
});
