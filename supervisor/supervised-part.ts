/**
 * Keeps one part running: starts it in a process group of its own (a Ctrl-C in the terminal must reach
 * the supervisor only), waits until it is ready, starts it again when it dies, and stops it in the end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityAtBirth, type ProcessRecord } from '../providers/local/process-identity.ts';
import { stopProcess } from '../providers/local/stop-process.ts';
import { LogFile } from './log-file.ts';
import type { Part } from './part.ts';
import type { ProcessFiles } from './process-files.ts';
import { StartError } from './start-error.ts';

/** A part that cannot be started at first is not worth more attempts; later it is, for ever. */
const FIRST_ATTEMPTS_MAX = 3;
const READY_POLL_MS = 100;
const BACKOFF_MS_MIN = 250;
const BACKOFF_MS_MAX = 15_000;
/** One that ran this long is trusted again. */
const SOUND_AFTER_MS = 60_000;
const LOG_CHECK_MS = 60_000;

export interface SupervisionOptions {
  home: string;
  files: ProcessFiles;
  /** Tells people what happens to a part after it was ready once. */
  tell: (text: string) => void;
}

interface Running {
  record: ProcessRecord;
  /** Resolves with how it ended. */
  exited: Promise<string>;
}

export class SupervisedPart {
  readonly part: Part;
  readonly #options: SupervisionOptions;
  readonly #log: LogFile;
  readonly #stopping = new AbortController();
  #running: Running | null = null;
  #starting: Promise<void> | null = null;
  #keeping: Promise<void> | null = null;

  constructor(part: Part, options: SupervisionOptions) {
    this.part = part;
    this.#options = options;
    this.#log = new LogFile(options.home, part.name);
  }

  /** Resolves when the part is ready, and keeps it running from then on. @throws StartError */
  async start(): Promise<void> {
    this.#starting = this.#start();
    await this.#starting;
  }

  /** Returns once its process is gone; it is not started again. Does nothing when it never was. */
  async stop(hurry?: AbortSignal): Promise<void> {
    this.#stopping.abort(new Error(`${this.part.name} is being stopped`));
    await this.#end(this.part.stopGraceMs, hurry);
    await Promise.allSettled([this.#starting, this.#keeping]);
    await this.#end(this.part.stopGraceMs, hurry);
  }

  async #start(): Promise<void> {
    await this.#log.rotate();
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#runUntilReady();
        break;
      } catch (error) {
        await this.#end(this.part.stopGraceMs);
        this.#stopping.signal.throwIfAborted();
        if (error instanceof StartError || attempt >= FIRST_ATTEMPTS_MAX) throw await this.#explain(error);
      }
    }
    this.#keeping = this.#keepRunning();
  }

  async #keepRunning(): Promise<void> {
    let backoffMs = BACKOFF_MS_MIN;
    let readyAtMs = performance.now();
    const bounding = setInterval(() => void this.#log.bound().catch(() => {}), LOG_CHECK_MS);
    try {
      for (;;) {
        const how = await this.#running?.exited;
        if (this.#stopping.signal.aborted) return;
        if (performance.now() - readyAtMs > SOUND_AFTER_MS) backoffMs = BACKOFF_MS_MIN;
        this.#options.tell(`${this.part.name} ended (${how}); starting it again`);
        await sleep(backoffMs, undefined, { signal: this.#stopping.signal });
        backoffMs = Math.min(backoffMs * 2, BACKOFF_MS_MAX);
        const startedAtMs = performance.now();
        try {
          await this.#runUntilReady();
          readyAtMs = performance.now();
          this.#options.tell(`${this.part.name} is back after ${((readyAtMs - startedAtMs) / 1000).toFixed(1)} s`);
        } catch (error) {
          if (this.#stopping.signal.aborted) return;
          this.#options.tell(`${this.part.name} did not come back: ${messageOf(error)}`);
          await this.#end(this.part.stopGraceMs);
        }
      }
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    } finally {
      clearInterval(bounding);
    }
  }

  async #runUntilReady(): Promise<void> {
    const command = await this.part.command();
    this.#stopping.signal.throwIfAborted();
    const offset = await this.#log.sizeBytes();
    const log = await this.#log.open();
    let child: ChildProcess;
    try {
      child = spawn(command.program, command.args, {
        env: command.env,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        ...command.user,
      });
      // No await between the birth of the process and its record: we may be killed at any moment.
      if (child.pid !== undefined) this.#adopt(child, child.pid);
    } finally {
      await log.close();
    }
    if (!this.#running) throw new Error(await ended(child));
    await this.#untilReady(this.#running, offset);
  }

  #adopt(child: ChildProcess, pid: number): void {
    const record = { pid, identity: identityAtBirth(pid) ?? 'already ended' };
    this.#options.files.write(this.part.name, record);
    this.#running = { record, exited: ended(child) };
  }

  async #untilReady(running: Running, offset: number): Promise<void> {
    const { pid } = running.record;
    const deadline = performance.now() + this.part.readyWithinMs;
    while (performance.now() < deadline) {
      const ready = this.part.isReady({ pid, output: () => this.#log.readFrom(offset) });
      const outcome = await Promise.race([running.exited, ready]);
      if (typeof outcome === 'string') throw new Error(`it ended (${outcome})`);
      if (outcome) return;
      await sleep(READY_POLL_MS, undefined, { signal: this.#stopping.signal });
    }
    throw new Error(`it was not ready within ${this.part.readyWithinMs / 1000} s`);
  }

  async #end(graceMs: number, hurry?: AbortSignal): Promise<void> {
    const running = this.#running;
    if (!running) return;
    await stopProcess(running.record, { signal: this.part.stopSignal, graceMs, ...(hurry && { hurry }) });
    await running.exited;
    this.#running = null;
    this.#options.files.remove(this.part.name);
  }

  async #explain(error: unknown): Promise<StartError> {
    if (error instanceof StartError) return error;
    const lines = (await this.#log.lastLines(8)).map((line) => `    ${line}`);
    const tail = lines.length > 0 ? `\n  Its last lines, from ${this.#log.path}:\n${lines.join('\n')}` : '';
    return new StartError(`${this.part.name} does not start: ${messageOf(error)}.${tail}`, { cause: error });
  }
}

/** Resolves when the process has ended, with how. */
function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
