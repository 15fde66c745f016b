/**
 * `<home>/run/<part>.pid`: which processes are ours, pid and identity on a line each. Whoever starts next
 * on this home ends what a killed supervisor left behind.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { isAlive, type ProcessRecord } from '../providers/local/process-identity.ts';
import { stopProcess } from '../providers/local/stop-process.ts';

const LEFTOVER_GRACE_MS = 10_000;

export class ProcessFiles {
  readonly #folder: string;

  constructor(home: string) {
    this.#folder = path.join(home, 'run');
  }

  /** Synchronous, so that no moment lies between the birth of a process and its record. */
  write(part: string, record: ProcessRecord): void {
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(this.#file(part), `${record.pid}\n${record.identity}\n`);
  }

  remove(part: string): void {
    rmSync(this.#file(part), { force: true });
  }

  async read(part: string): Promise<ProcessRecord | null> {
    const text = await readFile(this.#file(part), 'utf8').catch(() => '');
    const [pid, identity] = text.split('\n');
    return pid && identity ? { pid: Number(pid), identity } : null;
  }

  /**
   * Stops what an earlier supervisor left running.
   *
   * @param order the names of the parts, first to be stopped first; others come last
   * @returns the names of what was still alive
   */
  async stopLeftovers(order: readonly string[]): Promise<string[]> {
    const names = (await readdir(this.#folder).catch(() => []))
      .filter((name) => name.endsWith('.pid') && name !== 'supervisor.pid')
      .map((name) => name.slice(0, -'.pid'.length))
      .sort((a, b) => position(order, a) - position(order, b));
    const stopped: string[] = [];
    for (const name of names) {
      const record = await this.read(name);
      if (record && (await isAlive(record))) {
        stopped.push(name);
        // Postgres takes SIGTERM for "when the last client has left"; SIGINT ends any of our parts.
        await stopProcess(record, { signal: 'SIGINT', graceMs: LEFTOVER_GRACE_MS });
      }
      this.remove(name);
    }
    return stopped;
  }

  #file(part: string): string {
    return path.join(this.#folder, `${part}.pid`);
  }
}

function position(order: readonly string[], name: string): number {
  const index = order.indexOf(name);
  return index < 0 ? order.length : index;
}
