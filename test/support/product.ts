/**
 * The whole product, started as a user starts it (`npm start` is `node supervisor/start.mjs`), in a home
 * of its own and with small knobs. Black box: it is met over HTTP, by its files that a user may look at
 * (outbox, pid files) and by the operating system's own word on which processes live.
 *
 * Linux only: the truth about processes is read from /proc.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { eventually } from './eventually.ts';
import { findNodeInstances, isAlive, processesNaming, type NodeInstance } from './process-truth.ts';

export const REPOSITORY = path.resolve(import.meta.dirname, '../..');
const OWN_NODE = path.join(REPOSITORY, 'node_modules/.bin/node');
const SCRIPTED_RUNTIME = path.join(REPOSITORY, 'test/support/scripted-runtime.mjs');

/** The parts that `npm start` runs, as their pid files are called. */
export type Part = 'postgres' | 'temporal' | 'worker' | 'api';

export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
  event: string;
  endpointId: string;
}

export interface ProductOptions {
  /** `scripted` runs test/support/scripted-runtime.mjs instead of a model. */
  runtime?: 'scripted' | 'real';
  env?: Record<string, string>;
  /** Names the log file below .cache/acceptance-logs. */
  name: string;
  startTimeoutMs?: number;
}

export interface Product {
  baseUrl: string;
  home: string;
  /** Path of the log of everything it printed; the parts' own logs come beside it, in a folder, on dispose. */
  logFile: string;
  /** The last lines it printed. */
  output(): string;
  pidOf(part: Part): Promise<number>;
  /** SIGKILL, then waits until another process has taken its place and the product is ready. */
  crash(part: Part): Promise<void>;
  /** SIGKILL only; see `recovered`. */
  kill(part: Part): Promise<number>;
  recovered(part: Part, killedPid: number): Promise<void>;
  /** What really runs for an endpoint (or for all), from the operating system. */
  instances(endpointId?: string): Promise<NodeInstance[]>;
  mails(endpointId?: string): Promise<Mail[]>;
  /** SIGTERM as Ctrl-C would; throws when anything is left running. The home stays. */
  stop(): Promise<void>;
  /** SIGKILL for `npm start` itself; what it started goes on without it. */
  killSupervisor(): Promise<void>;
  /** Starts on the same home and the same ports, with the same knobs; what ran before must have been stopped or killed. */
  startAgain(): Promise<Product>;
  /** Stops and removes the home. */
  dispose(): Promise<void>;
}

/** Small knobs, so that a case takes seconds. */
const KNOBS = {
  NODE_ENV: 'test',
  LOG_LEVEL: 'info',
  REAPER_INTERVAL_SECONDS: '2',
  REAPER_GRACE_SECONDS: '3',
  SELF_CHECK_SECONDS: '15',
  BRING_UP_DEADLINE_SECONDS: '60',
  DRAIN_DEADLINE_SECONDS: '30',
  NODE_STOP_GRACE_SECONDS: '3',
} as const;

const START_TIMEOUT_MS = 240_000;
const STOP_TIMEOUT_MS = 45_000;
const RECOVERY_TIMEOUT_MS = 60_000;

export async function startProduct(options: ProductOptions): Promise<Product> {
  await rm(logFileOf(options), { force: true });
  await rm(logFileOf(options).replace(/\.log$/, ''), { recursive: true, force: true });
  return startAt({ home: await newHome(), port: await freePort(), uiPort: await freePort() }, options);
}

function logFileOf(options: ProductOptions): string {
  return path.join(REPOSITORY, '.cache/acceptance-logs', `${options.name}.log`);
}

interface Place {
  home: string;
  port: number;
  uiPort: number;
}

async function startAt(place: Place, options: ProductOptions): Promise<Product> {
  const { home, port, uiPort } = place;
  const baseUrl = `http://localhost:${port}`;
  const logFile = logFileOf(options);
  const supervisor = await launch(home, logFile, {
    ...KNOBS,
    PORT: String(port),
    TEMPORAL_UI_PORT: String(uiPort),
    HYPERVIZE_HOME: home,
    HYPERVIZE_DOWNLOADS: path.join(REPOSITORY, '.cache/downloads'),
    ...(options.runtime === 'real' ? {} : { LOCAL_RUNTIME_COMMAND: `${OWN_NODE} ${SCRIPTED_RUNTIME}` }),
    ...options.env,
  });
  const product = createProduct({ home, baseUrl, logFile, startAgain: () => startAt(place, options), ...supervisor });
  try {
    await eventually(
      async () => {
        if (supervisor.child.exitCode !== null) return true;
        // The welcome, which names the address, comes when every part has come up.
        return supervisor.output().includes(baseUrl) && (await fetch(`${baseUrl}/readyz`)).status === 200;
      },
      { timeoutMs: options.startTimeoutMs ?? START_TIMEOUT_MS, intervalMs: 200, message: 'the product is ready' },
    );
    if (supervisor.child.exitCode !== null) throw new Error(`it ended with ${supervisor.child.exitCode}`);
  } catch (cause) {
    await product.dispose().catch(() => {});
    throw new Error(`The product did not start; log in ${logFile}:\n${supervisor.output()}`, { cause });
  }
  return product;
}

interface Supervisor {
  child: ChildProcess;
  output: () => string;
}

async function launch(home: string, logFile: string, env: Record<string, string>): Promise<Supervisor> {
  await mkdir(path.dirname(logFile), { recursive: true });
  const log = createWriteStream(logFile, { flags: 'a' });
  log.write(`# home ${home}\n`);
  const tail: string[] = [];
  const child = spawn(OWN_NODE, ['supervisor/start.mjs'], {
    cwd: REPOSITORY,
    env: { ...inheritedEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      log.write(chunk);
      tail.push(chunk.toString('utf8'));
      if (tail.length > 400) tail.splice(0, 200);
    });
  }
  const watcher = stopWithThisProcess(child.pid ?? 0);
  child.on('exit', (code, signal) => {
    log.write(`# supervisor ended: ${code ?? signal}\n`);
    watcher.kill();
  });
  return { child, output: () => tail.join('').split('\n').slice(-60).join('\n') };
}

/** A killed jest runs no teardown: this watcher holds a pipe to it and ends the product when the pipe closes. */
function stopWithThisProcess(pid: number): ChildProcess {
  const watcher = spawn('sh', ['-c', 'cat >/dev/null; kill -TERM "$0"', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.on('error', () => {});
  watcher.stdin?.on('error', () => {});
  watcher.unref();
  return watcher;
}

/** The caller's environment without what belongs to jest or would change the product. */
function inheritedEnvironment(): Record<string, string> {
  const dropped = /^(NODE_OPTIONS|JEST_|HYPERVIZE_|TEMPORAL_|DATABASE_URL|PORT$|HOST$|PUBLIC_URL|HF_|SENDGRID_|FAULT)/;
  const entries = Object.entries(process.env).filter(([name, value]) => value !== undefined && !dropped.test(name));
  return Object.fromEntries(entries) as Record<string, string>;
}

type Parts = Pick<Product, 'home' | 'baseUrl' | 'logFile' | 'startAgain'> & Supervisor;

function createProduct(parts: Parts): Product {
  const { home, baseUrl, logFile } = parts;

  const pidOf = async (part: Part): Promise<number> => {
    const pid = Number((await readFile(path.join(home, 'run', `${part}.pid`), 'utf8')).trim().split('\n')[0]);
    if (!Number.isInteger(pid) || pid <= 1) throw new Error(`${part}.pid holds no pid`);
    return pid;
  };

  const kill = async (part: Part): Promise<number> => {
    const pid = await pidOf(part);
    process.kill(pid, 'SIGKILL');
    return pid;
  };

  const recovered = async (part: Part, killedPid: number): Promise<void> => {
    await eventually(
      async () => {
        const pid = await pidOf(part);
        return pid !== killedPid && (await isAlive(pid)) && (await fetch(`${baseUrl}/readyz`)).status === 200;
      },
      { timeoutMs: RECOVERY_TIMEOUT_MS, intervalMs: 100, message: `${part} is back after its crash` },
    ).catch((cause: unknown) => {
      throw new Error(`${String(cause)}\n${parts.output()}`, { cause });
    });
  };

  const stop = async (): Promise<void> => {
    if (parts.child.exitCode === null && parts.child.signalCode === null) {
      const ended = new Promise((resolve) => parts.child.once('exit', resolve));
      parts.child.kill('SIGTERM');
      const timer = setTimeout(() => parts.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    }
    // What was killed a moment ago may still be on its way out.
    const nothingLeft = eventually(async () => (await processesNaming(home)).length === 0, { timeoutMs: 2_000 });
    await nothingLeft.catch(() => {});
    const left = await processesNaming(home);
    for (const one of left) process.kill(one.pid, 'SIGKILL');
    if (parts.child.signalCode === 'SIGKILL')
      throw new Error(`npm start did not end within ${STOP_TIMEOUT_MS} ms of SIGTERM`);
    if (left.length > 0)
      throw new Error(`left running after the stop: ${left.map((one) => `${one.pid} ${one.command}`).join('; ')}`);
  };

  return {
    baseUrl,
    home,
    logFile,
    output: parts.output,
    pidOf,
    kill,
    recovered,
    crash: async (part) => recovered(part, await kill(part)),
    instances: (endpointId) => findNodeInstances(home, endpointId),
    mails: (endpointId) => readMails(home, endpointId),
    stop,
    killSupervisor: async () => {
      const ended = new Promise((resolve) => parts.child.once('exit', resolve));
      parts.child.kill('SIGKILL');
      await ended;
    },
    startAgain: parts.startAgain,
    dispose: async () => {
      try {
        await stop();
      } finally {
        // Kept for whoever has to find out why a case failed.
        await cp(path.join(home, 'logs'), logFile.replace(/\.log$/, ''), { recursive: true }).catch(() => {});
        if (!process.env['ACCEPTANCE_KEEP_HOME']) await rm(path.dirname(home), { recursive: true, force: true });
      }
    },
  };
}

async function readMails(home: string, endpointId?: string): Promise<Mail[]> {
  const folder = path.join(home, 'outbox');
  const names = await readdir(folder).catch(() => []);
  const mails = await Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => JSON.parse(await readFile(path.join(folder, name), 'utf8')) as Mail),
  );
  return mails.filter((mail) => endpointId === undefined || mail.endpointId === endpointId);
}

/** A folder that does not exist yet, below one that the product's database user may enter. */
async function newHome(): Promise<string> {
  const parent = await mkdtemp(path.join(os.tmpdir(), 'hypervize-acceptance-'));
  await chmod(parent, 0o755);
  return path.join(parent, 'home');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
