/** Ends a process that another process may have started, and everything in its process group. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, leadsItsGroup, type ProcessRecord } from './process-identity.ts';

const POLL_MS = 20;
/** SIGKILL cannot be refused; only a process stuck in the kernel takes longer. */
const KILL_WAIT_MS = 10_000;

export interface StopOptions {
  /** How to ask; SIGTERM unless the program wants another. */
  signal?: NodeJS.Signals;
  graceMs: number;
  /** Ends the grace early. */
  hurry?: AbortSignal;
}

/**
 * Asks, waits, then kills. Returns once the process is gone; nothing happens when it already was.
 * The process must lead its own group (spawned detached).
 *
 * @throws when even SIGKILL did not end it in time
 */
export async function stopProcess(record: ProcessRecord, options: StopOptions): Promise<void> {
  if (await isAlive(record)) {
    send(record.pid, options.signal ?? 'SIGTERM');
    if (!(await goneWithin(record, options.graceMs, options.hurry))) {
      send(-record.pid, 'SIGKILL');
      send(record.pid, 'SIGKILL');
      if (!(await goneWithin(record, KILL_WAIT_MS)))
        throw new Error(`process ${record.pid} does not end, not even by SIGKILL`);
    }
  }
  // Children of a wrapper script outlive it.
  if (leadsItsGroup(record)) send(-record.pid, 'SIGKILL');
}

async function goneWithin(record: ProcessRecord, ms: number, hurry?: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (await isAlive(record)) {
    if (Date.now() >= deadline || hurry?.aborted) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself meanwhile, which is what was wanted.
  }
}
