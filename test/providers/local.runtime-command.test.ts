import { stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NodeSpec } from '../../providers/provider.ts';
import { eventually } from '../support/eventually.ts';
import { createLocalNodes, type LocalNodes, TINY_RUNTIME } from './support/local-nodes.ts';

describe('a runtime command of the operator', () => {
  let nodes: LocalNodes;

  beforeAll(async () => {
    process.env['WORKER_SECRET_CANARY'] = 'must-not-reach-a-node';
    nodes = await createLocalNodes();
  });
  afterAll(async () => {
    delete process.env['WORKER_SECRET_CANARY'];
    await nodes.dispose();
  });

  async function told(
    spec: NodeSpec,
    runtimeCommand?: string,
  ): Promise<{ argv: string[]; env: Record<string, string>; pid: number }> {
    const provider = nodes.provider(runtimeCommand ? { runtimeCommand } : {});
    await provider.launch(spec);
    return eventually(async () => {
      const address = (await provider.describe(spec.token))?.address;
      const answer = await fetch(String(address), { headers: { authorization: `Bearer ${spec.secret}` } });
      return (await answer.json()) as { argv: string[]; env: Record<string, string>; pid: number };
    });
  }

  it('is told what to serve, and nothing of the worker’s environment', async () => {
    const spec = nodes.spec({ runtimeArgs: ['--flag', 'a b'] });
    const { argv, env, pid } = await told(spec);
    expect(env).toMatchObject({
      HOST: '127.0.0.1',
      API_KEY: spec.secret,
      MODEL: 'some/model',
      MODEL_PATH: '',
      CONTEXT_LENGTH: '1024',
      CONCURRENCY: '2',
      NODE_DIR: nodes.folder(spec.token),
      ENDPOINT_ID: spec.endpointId,
      SERVED_MODEL_NAMES: `some/model,${spec.endpointId}`,
    });
    expect(argv).toEqual(['--flag', 'a b']);
    expect(Object.values(env)).not.toContain('must-not-reach-a-node');
    expect(Object.keys(env).filter((name) => name.startsWith('PYTHON'))).toEqual([]);
    // The host became the command, so that the pid on record is the runtime's own.
    expect(await nodes.processesOf(spec.token)).toEqual([pid]);
  });

  it('cannot be turned into another program by the endpoint’s environment', async () => {
    const hostile = {
      PATH: '/evil',
      LD_PRELOAD: '/evil.so',
      PYTHONPATH: '/evil',
      HOST: '0.0.0.0',
      API_KEY: 'known',
      NODE_OPTIONS: '-r evil',
    };
    const spec = nodes.spec({ env: { ...hostile, HARMLESS: 'yes' } });
    const { env } = await told(spec);
    expect(env['HARMLESS']).toBe('yes');
    expect(env['API_KEY']).toBe(spec.secret);
    expect(env['HOST']).toBe('127.0.0.1');
    for (const name of ['LD_PRELOAD', 'PYTHONPATH', 'NODE_OPTIONS']) expect(env[name]).toBeUndefined();
    expect(env['PATH']).not.toBe('/evil');
  });

  it('is split like a shell would, and never given to one', async () => {
    const { argv } = await told(nodes.spec(), `${TINY_RUNTIME} "two words" '; touch /tmp/never' $HOME`);
    expect(argv).toEqual(['two words', '; touch /tmp/never', '$HOME']);
  });

  it('that cannot be run fails the node with a sentence', async () => {
    const provider = nodes.provider({ runtimeCommand: '/no/such/runtime --x' });
    const spec = nodes.spec();
    await provider.launch(spec);
    const node = await eventually(async () => {
      const seen = await provider.describe(spec.token);
      return seen?.state === 'stopped' ? seen : null;
    });
    expect(node.report?.failure).toEqual({
      code: 'runtime_unavailable',
      message: expect.stringContaining('LOCAL_RUNTIME_COMMAND'),
    });
  });

  it('that ignores SIGTERM is killed with all of its children when the grace is over', async () => {
    const spec = nodes.spec();
    const provider = nodes.provider({ runtimeCommand: `sh -c "trap '' TERM; ${TINY_RUNTIME} & wait; wait; wait"` });
    await provider.launch(spec);
    await eventually(async () => (await nodes.processesOf(spec.token)).length >= 2);
    expect((await provider.stop(spec.token, 0.2))?.state).toBe('stopped');
    await eventually(async () => (await nodes.processesOf(spec.token)).length === 0);
  });

  it('keeps its secret in files that only the owner can read', async () => {
    const spec = nodes.spec();
    await told(spec);
    for (const name of ['spec.json', 'runtime.log']) {
      expect((await stat(path.join(nodes.folder(spec.token), name))).mode & 0o077).toBe(0);
    }
  });
});
