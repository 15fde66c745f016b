import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { type ProviderFixture, providerContract } from '../../providers/contract-checks.ts';
import { isAlive } from '../../providers/local/process-identity.ts';
import { createLocalNodes, inodeOf, type LocalNodes } from './support/local-nodes.ts';

describe('the local provider keeps the contract of all providers', () => {
  let nodes: LocalNodes;
  let fixture: ProviderFixture;

  beforeAll(async () => {
    nodes = await createLocalNodes();
    fixture = fixtureOf(nodes);
  });
  afterAll(async () => nodes.dispose());

  it.each(providerContract.map((check) => [check.name, check] as const))('%s', async (_name, check) => {
    await check.run(fixture);
  });
});

function fixtureOf(nodes: LocalNodes): ProviderFixture {
  const recordOf = async (token: string) =>
    JSON.parse(await readFile(path.join(nodes.folder(token), 'status.json'), 'utf8')) as {
      pid: number;
      identity: string;
    };
  return {
    installationId: 'this-installation',
    patienceMs: 15_000,
    provider: () => nodes.provider(),
    spec: nodes.spec,
    kill: async (node) => {
      const record = await recordOf(node.token);
      process.kill(record.pid, 'SIGKILL');
      while (await isAlive(record)) await new Promise(setImmediate);
    },
    diskOf: (token) => inodeOf(nodes.folder(token)),
    leftovers: async (token) => {
      const processes = await nodes.processesOf(token);
      const folder = await inodeOf(nodes.folder(token));
      return [...processes.map((pid) => `process ${pid}`), ...(folder ? [nodes.folder(token)] : [])];
    },
    request: async (address, secret) =>
      (await fetch(address, { headers: secret ? { authorization: `Bearer ${secret}` } : {} })).status,
    writeToLog: async (address, spec) => {
      // The tiny runtime prints its whole environment for each request.
      await fetch(address, { headers: { authorization: `Bearer ${spec.secret}` } });
    },
  };
}
