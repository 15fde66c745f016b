/**
 * Starts node_host.py in a session of its own, with its output in a file, so that it neither dies with
 * the worker nor blocks on it; returns when the host has recorded itself or has ended.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ProviderError } from '../provider.ts';
import type { NodeFolder } from './node-folder.ts';
import { observeNode } from './observe-node.ts';

const HOST_SCRIPT = fileURLToPath(new URL('./node_host.py', import.meta.url));
const POLL_MS = 20;
const RECORDED_WITHIN_MS = 30_000;
const LOCK_HOLDER_RECORDS_WITHIN_MS = 2_000;
const EXIT_LOCK_HELD = 75;

/** All of the worker's environment that a node may see; its secrets are not among it. */
const INHERITED = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'PYENV_ROOT',
  'PYENV_VERSION',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
];

export interface HostLauncher {
  python: string;
  /** Where `import xllamacpp` finds it; null when a runtime command is configured. */
  pythonPath: string | null;
}

export async function spawnHost(folder: NodeFolder, launcher: HostLauncher): Promise<void> {
  const deadline = Date.now() + RECORDED_WITHIN_MS;
  while (Date.now() < deadline) {
    const outcome = await recorded(folder, await spawnOnce(folder, launcher), launcher);
    if (outcome === 'settled') return;
    // The lock was held: by a host that came first and is about to record itself, or by one that is leaving.
    if (await liveWithin(folder, LOCK_HOLDER_RECORDS_WITHIN_MS)) return;
  }
  throw new ProviderError(
    'transient',
    'runtime_unavailable',
    'The node did not come to life in time; this machine may be overloaded.',
  );
}

async function spawnOnce(folder: NodeFolder, launcher: HostLauncher): Promise<ChildProcess> {
  const log = await open(folder.logFile, 'a', 0o600);
  try {
    const child = spawn(launcher.python, ['-u', HOST_SCRIPT, folder.path], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: hostEnvironment(launcher),
    });
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

async function recorded(
  folder: NodeFolder,
  child: ChildProcess,
  launcher: HostLauncher,
): Promise<'settled' | 'lock held'> {
  let failure: Error | null = null;
  child.once('error', (error) => {
    failure = error;
  });
  const deadline = Date.now() + RECORDED_WITHIN_MS;
  while (Date.now() < deadline) {
    if (failure) throw pythonMissing(launcher, failure);
    const ended = child.exitCode !== null || child.signalCode !== null;
    const node = await observeNode(folder);
    // No node: released while it was being launched, so there is nothing to wait for.
    if (!node || node.alive) return 'settled';
    if (ended && child.exitCode === EXIT_LOCK_HELD) return 'lock held';
    if (ended) {
      endedBeforeServing(node.status?.pid === child.pid, child);
      return 'settled';
    }
    await sleep(POLL_MS);
  }
  return 'lock held';
}

async function liveWithin(folder: NodeFolder, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (Date.now() < deadline) {
    if ((await observeNode(folder))?.alive) return true;
    await sleep(POLL_MS);
  }
  return false;
}

/** A host that recorded itself and ended tells why in its status; one that did not never ran. */
function endedBeforeServing(hadRecordedItself: boolean, child: ChildProcess): void {
  if (hadRecordedItself || child.exitCode === 0) return;
  throw new ProviderError(
    'transient',
    'runtime_unavailable',
    `The node ended before it could record itself (${child.signalCode ?? `exit code ${child.exitCode}`}); its runtime.log says why.`,
  );
}

function pythonMissing(launcher: HostLauncher, cause: Error): ProviderError {
  return new ProviderError(
    'fatal',
    'runtime_unavailable',
    `Nodes on this machine run by "${launcher.python}", which could not be run: install Python 3.10 or newer, or name one with PYTHON=/path/to/python3.`,
    { cause },
  );
}

function hostEnvironment(launcher: HostLauncher): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { PYTHONDONTWRITEBYTECODE: '1', PYTHONNOUSERSITE: '1', PYTHONUTF8: '1' };
  for (const name of INHERITED) if (process.env[name] !== undefined) env[name] = process.env[name];
  if (launcher.pythonPath) env['PYTHONPATH'] = launcher.pythonPath;
  return env;
}
