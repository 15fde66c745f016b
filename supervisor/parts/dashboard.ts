/**
 * The dashboard's files: web/ built by Vite into web/dist, once per change of what goes in. The hash of the
 * sources is kept beside the result, so a second start builds nothing.
 *
 * Several installations may start from one checkout at the same time: each builds into a folder of its own,
 * and the one that is done takes the place of the other.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const WEB = path.join(REPOSITORY, 'web');
const DIST = path.join(WEB, 'dist');
const HASH_FILE = '.sources';
const ERROR_CHARACTERS = 600;

/** @returns what was done. @throws Error with the end of what the build printed */
export async function buildDashboard(signal?: AbortSignal): Promise<string> {
  const hash = await hashOfSources();
  if ((await readFile(path.join(DIST, HASH_FILE), 'utf8').catch(() => '')) === hash) return 'nothing new';
  const fresh = path.join(WEB, `dist.${process.pid}`);
  try {
    await runVite(fresh, signal);
    await writeFile(path.join(fresh, HASH_FILE), hash);
    await replace(fresh);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return 'built';
}

async function runVite(outDir: string, signal?: AbortSignal): Promise<void> {
  const vite = path.join(REPOSITORY, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [
    vite,
    'build',
    WEB,
    '--outDir',
    outDir,
    '--emptyOutDir',
    '--logLevel',
    'error',
    '--configLoader',
    'native',
  ];
  const options = { cwd: REPOSITORY, env: { ...process.env, NODE_ENV: 'production' }, ...(signal ? { signal } : {}) };
  await promisify(execFile)(process.execPath, args, options).catch((error: { stderr?: string; message: string }) => {
    const reason = (error.stderr ?? '').trim() || error.message;
    throw new Error(`vite build: ${reason.slice(-ERROR_CHARACTERS)}`, { cause: error });
  });
}

/** The old files are moved away first, because a folder cannot take the place of a full one. */
async function replace(fresh: string): Promise<void> {
  const old = `${fresh}.old`;
  await rename(DIST, old).catch(ignoreMissing);
  // Another start may have put its own there in between; it was made of the same sources.
  await rename(fresh, DIST).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  await rm(old, { recursive: true, force: true });
}

/** Of everything that goes into the build: web/, the pure rules that it shares, and the installed packages. */
async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', ...(await filesIn('web')), ...(await filesIn('domain'))]) {
    hash.update(`${file}\0`).update(await readFile(path.join(REPOSITORY, file)));
  }
  return hash.digest('hex');
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(path.join(REPOSITORY, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(REPOSITORY, path.join(entry.parentPath, entry.name)))
    .filter((file) => !/^web[\\/]dist/.test(file))
    .sort();
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
