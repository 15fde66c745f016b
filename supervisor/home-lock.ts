/**
 * One supervisor per home. The lock is SQLite's lock on a file, because Node has no flock of its own: the
 * kernel gives it up when the process ends, however it ends, so a killed supervisor leaves no stale lock.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from './start-error.ts';

/** @returns how to give the lock up. @throws StartError naming the process that has it */
export function lockHome(home: string): () => void {
  const folder = path.join(home, 'run');
  mkdirSync(folder, { recursive: true });
  const pidFile = path.join(folder, 'supervisor.pid');
  const lock = new DatabaseSync(path.join(folder, 'supervisor.lock'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw new StartError(
      `Hypervize is already running on ${home} (process ${readPid(pidFile)}): stop it first, or start beside it with HYPERVIZE_HOME=./another-home PORT=8081 npm start.`,
      { cause },
    );
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return () => lock.close();
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
