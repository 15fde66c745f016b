/**
 * The cluster's folder, `<home>/postgres`: made once, in another place and then renamed, so that it is
 * whole when it is there; and cleared of what a killed Postgres left before every start.
 */
import { execFile } from 'node:child_process';
import { access, chmod, mkdir, mkdtemp, readdir, readFile, readlink, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { StartError } from '../start-error.ts';

const run = promisify(execFile);
const INITDB = fileURLToPath(new URL('./initdb.ts', import.meta.url));
const LEFTOVERS_GONE_WITHIN_MS = 5_000;

export async function ensureCluster(home: string, password: string): Promise<string> {
  const folder = path.join(home, 'postgres');
  if (
    await access(folder).then(
      () => true,
      () => false,
    )
  )
    return folder;
  const unfinished = `${folder}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(path.join(home, 'run'), { recursive: true });
  const temp = await mkdtemp(path.join(home, 'run', 'initdb-'));
  // May be entered (initdb runs as another user when we are root), not listed.
  await chmod(temp, 0o711);
  try {
    const env = { ...process.env, TMPDIR: temp, INITDB_FOLDER: unfinished, INITDB_PASSWORD: password };
    await run(process.execPath, [INITDB], { env });
  } catch (cause) {
    throw new StartError(`Postgres could not make its database in ${folder}: ${lastLine(cause)}.`, { cause });
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
  await rename(unfinished, folder);
  return folder;
}

/**
 * A Postgres that was killed leaves children that still use its shared memory, and a file with its pid,
 * which meanwhile may be another program's: both would stop the next start.
 */
export async function clearLeftovers(folder: string): Promise<void> {
  const deadline = Date.now() + LEFTOVERS_GONE_WITHIN_MS;
  for (;;) {
    const pids = await processesIn(folder);
    if (pids.length === 0) break;
    if (Date.now() > deadline) throw new Error(`processes ${pids.join(', ')} of an earlier Postgres do not end`);
    for (const pid of pids) kill(pid);
    await sleep(50);
  }
  await rm(path.join(folder, 'postmaster.pid'), { force: true });
}

/** Every process of Postgres works in the cluster's folder. */
async function processesIn(folder: string): Promise<number[]> {
  if (process.platform !== 'linux') return postmasterByPs(folder);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const inFolder = await Promise.all(
    pids.map((pid) =>
      readlink(`/proc/${pid}/cwd`).then(
        (cwd) => cwd === folder,
        () => false,
      ),
    ),
  );
  return pids.filter((_, index) => inFolder[index]).map(Number);
}

/** Without /proc, only the parent can be told; its children end soon after it by themselves. */
async function postmasterByPs(folder: string): Promise<number[]> {
  const pid = (await readFile(path.join(folder, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0];
  if (!pid || !/^\d+$/.test(pid)) return [];
  const { stdout } = await run('ps', ['-o', 'command=', '-p', pid]).catch(() => ({ stdout: '' }));
  return stdout.includes(folder) ? [Number(pid)] : [];
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

function lastLine(cause: unknown): string {
  const text = typeof cause === 'object' && cause !== null && 'stderr' in cause ? String(cause.stderr) : String(cause);
  return text.trim().split('\n').at(-1)?.trim() ?? 'unknown error';
}
