/**
 * A pid alone does not name a process: after its death the number is given to another. A pid together
 * with the moment the process began (and, on Linux, the boot it belongs to) does. host_status.py writes
 * the same text from inside the process.
 */
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ProcessRecord {
  pid: number;
  identity: string;
}

/** Null when no such process lives; a zombie does not live. */
export async function identityOf(pid: number): Promise<string | null> {
  return process.platform === 'linux' ? livingIdentity(linuxStat(pid)) : psIdentity(pid);
}

/** For a child that was spawned this moment, to be recorded before anything else can happen. */
export function identityAtBirth(pid: number): string | null {
  if (process.platform === 'linux') return livingIdentity(linuxStat(pid));
  try {
    return parsePs(execFileSync('ps', psArguments(pid), { env: PS_ENVIRONMENT, encoding: 'utf8' }));
  } catch {
    return null;
  }
}

export async function isAlive(record: ProcessRecord): Promise<boolean> {
  return (await identityOf(record.pid)) === record.identity;
}

/**
 * Whether what is left of the process group that this process led is still its group. The kernel gives
 * no new process a number that a group still has, so only a reboot or a new process of that number
 * makes it another's. Where that cannot be told, false.
 */
export function leadsItsGroup(record: ProcessRecord): boolean {
  if (!record.identity.startsWith(`linux:${bootId()}:`)) return false;
  const stat = linuxStat(record.pid);
  return stat === null || stat.identity === record.identity;
}

interface LinuxStat {
  state: string;
  identity: string;
}

/** /proc is memory, so reading it at once costs less than waiting for it. */
function linuxStat(pid: number): LinuxStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The name, in parentheses, may hold anything; after it come state and numbers.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', identity: `linux:${bootId()}:${fields[19]}` };
}

function livingIdentity(stat: LinuxStat | null): string | null {
  return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : stat.identity;
}

let boot: string | undefined;

function bootId(): string {
  if (process.platform !== 'linux') return 'unknown';
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return boot;
}

const PS_ENVIRONMENT = { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' };

function psArguments(pid: number): string[] {
  return ['-o', 'stat=,lstart=', '-p', String(pid)];
}

async function psIdentity(pid: number): Promise<string | null> {
  try {
    return parsePs((await run('ps', psArguments(pid), { env: PS_ENVIRONMENT })).stdout);
  } catch {
    return null;
  }
}

function parsePs(output: string): string | null {
  const [, state, started] = /^(\S+)\s+(.*)$/.exec(output.trim()) ?? [];
  return !started || state?.startsWith('Z') ? null : `ps:${started.trim()}`;
}
