/**
 * The supervisor: everything of one installation on one machine, from one command. It starts the parts,
 * keeps them running and stops them; it takes no part in what they do.
 *
 * Keyed by the home folder, which only one supervisor may have at a time. When it is killed, its parts go
 * on without it, and the next start on the same home ends them first.
 */
import { ConfigError, type Config, loadConfig } from '../config.ts';
import { DownloadError } from '../downloads/index.ts';
import { bringUp } from './bring-up.ts';
import { lockHome } from './home-lock.ts';
import { prepareHome } from './prepare-home.ts';
import { STOP_ORDER, shutDown } from './shutdown.ts';
import { StartError } from './start-error.ts';
import { listenForStop, type StopRequest } from './stop-request.ts';
import { Supervisor } from './supervisor.ts';
import { createTerminal } from './terminal.ts';
import { welcome } from './welcome.ts';

const terminal = createTerminal();
try {
  const config = loadConfig();
  await prepareHome(config.home);
  const unlock = lockHome(config.home);
  const request = listenForStop(
    () => terminal.line('\nStopping everything in order. Once more to hurry.'),
    () => terminal.line('Hurrying.'),
  );
  process.exitCode = await run(config, request);
  unlock();
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`${sentenceOf(error)}\n`);
}
process.exit();

/** @returns the exit code */
async function run(config: Config, request: StopRequest): Promise<number> {
  const supervisor = new Supervisor({ home: config.home, tell: (text) => terminal.line(`  ${clock()} ${text}`) });
  const ending = new AbortController();
  let exitCode = 0;
  try {
    terminal.line(`Hypervize on ${config.home}\n`);
    const leftovers = await supervisor.files.stopLeftovers(STOP_ORDER);
    if (leftovers.length > 0) terminal.line(`  stopped what an earlier start left running: ${leftovers.join(', ')}`);
    const signal = AbortSignal.any([request.stop, ending.signal]);
    const product = await unlessStopped(
      bringUp({ config, env: process.env, supervisor, terminal, signal }),
      request.stop,
    );
    terminal.line(welcome({ baseUrl: config.publicUrl, home: config.home, ...product }));
    await stopped(request.stop);
  } catch (error) {
    if (!request.stop.aborted) {
      exitCode = 1;
      process.stderr.write(`\n${sentenceOf(error)}\n\n`);
    }
  }
  ending.abort(new Error('ending'));
  const failures = await shutDown(supervisor, config.home, request.hurry);
  for (const failure of failures) process.stderr.write(`${failure}\n`);
  if (exitCode === 0) terminal.line('Everything is stopped.');
  return failures.length > 0 ? 1 : exitCode;
}

async function unlessStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T> {
  return Promise.race([
    work,
    stopped(stop).then(() => {
      throw stop.reason;
    }),
  ]);
}

async function stopped(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return;
  await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
}

function clock(): string {
  return new Date().toLocaleTimeString('en-GB');
}

/** Failures that we know are one sentence; anything else is a bug and shows where it is. */
function sentenceOf(error: unknown): string {
  if (error instanceof StartError || error instanceof DownloadError || error instanceof ConfigError)
    return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
