/** A home of its own with the local provider in it, and what tests ask of it. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { LocalProvider, type LocalProviderOptions } from '../../../providers/local/local-provider.ts';
import { stopAllNodes } from '../../../providers/local/stop-all-nodes.ts';
import type { NodeSpec } from '../../../providers/provider.ts';

const run = promisify(execFile);
const REPOSITORY = path.resolve(import.meta.dirname, '../../..');

/** Answers 401 without the key and 200 with it; prints all it was given to its log. */
export const TINY_RUNTIME = `python3 ${path.join(import.meta.dirname, 'tiny_runtime.py')}`;
/** Shared with other runs, so that nothing is fetched twice. */
export const DOWNLOADS = process.env['HYPERVIZE_DOWNLOADS'] ?? path.join(REPOSITORY, '.cache/downloads');

export interface LocalNodes {
  home: string;
  provider(overrides?: Partial<LocalProviderOptions['local']>): LocalProvider;
  spec(overrides?: Partial<NodeSpec>): NodeSpec;
  folder(token: string): string;
  /** Processes whose command line names the folder, or whose environment does. */
  processesOf(token: string): Promise<number[]>;
  dispose(): Promise<void>;
}

export async function createLocalNodes(options: Partial<LocalProviderOptions> = {}): Promise<LocalNodes> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'hypervize-nodes-'));
  const local = { runtimeCommand: TINY_RUNTIME, threads: 1, python: 'python3', ...options.local };
  const hub = options.hub ?? { endpoint: 'http://127.0.0.1:9', token: null };
  const folder = (token: string) => path.join(home, 'nodes', token);
  return {
    home,
    folder,
    provider: (overrides) => new LocalProvider({ home, downloads: DOWNLOADS, hub, local: { ...local, ...overrides } }),
    spec: (overrides) => ({ ...defaultSpec(), ...overrides }),
    processesOf: async (token) => processesNaming(folder(token)),
    dispose: async () => {
      await stopAllNodes(home, 0);
      await rm(home, { recursive: true, force: true });
    },
  };
}

function defaultSpec(): NodeSpec {
  return {
    installationId: 'this-installation',
    endpointId: `endpt-${randomBytes(6).toString('hex')}`,
    nodeId: randomBytes(8).toString('hex'),
    token: randomBytes(32).toString('hex'),
    generation: 1,
    candidate: {
      provider: 'local',
      tier: 'local-cpu',
      instanceType: 'this-machine',
      region: 'local',
      zone: null,
      purchaseOption: 'on_demand',
      usdMicrosPerHour: 0,
    },
    model: 'some/model',
    revision: null,
    files: [],
    contextLength: 1024,
    concurrency: 2,
    runtimeArgs: [],
    env: {},
    secret: randomBytes(24).toString('hex'),
    huggingFaceToken: null,
  };
}

export async function inodeOf(file: string): Promise<string | null> {
  return stat(file).then(
    (s) => String(s.ino),
    () => null,
  );
}

async function processesNaming(text: string): Promise<number[]> {
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-Aww', '-o', 'pid=,command=']);
    return stdout
      .split('\n')
      .filter((line) => line.includes(text))
      .map((line) => Number.parseInt(line, 10));
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const named = await Promise.all(
    pids.map(async (pid) => {
      const texts = await Promise.all(
        ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
      );
      return texts.some((seen) => seen.includes(text)) ? [Number(pid)] : [];
    }),
  );
  return named.flat();
}
