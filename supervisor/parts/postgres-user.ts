/**
 * Postgres refuses to run as root. Where we are root, as in a container, it runs as the user `postgres`,
 * who must be able to enter the home and to read the program.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { StartError } from '../start-error.ts';

const run = promisify(execFile);
const INSTEAD = 'run as an ordinary user, or set DATABASE_URL';

export interface PostgresUser {
  uid: number;
  gid: number;
}

/** Null where we are not root, so that Postgres runs as we do. */
export async function postgresUser(): Promise<PostgresUser | null> {
  if (process.getuid?.() !== 0) return null;
  const user = (await lookUp()) ?? (await create());
  return user;
}

/** @throws StartError naming the folder that the user cannot enter */
export async function checkReach(user: PostgresUser, folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    try {
      await run('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...user, cwd: '/' });
    } catch (cause) {
      throw new StartError(
        `Postgres does not run as root, and the user postgres may not enter ${folder}: move it to where everybody may, for example below /opt or /srv, ${INSTEAD}.`,
        { cause },
      );
    }
  }
}

async function lookUp(): Promise<PostgresUser | null> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return null;
  }
}

async function create(): Promise<PostgresUser> {
  try {
    await run('groupadd', ['--force', '--system', 'postgres']);
    await run('useradd', ['--system', '--gid', 'postgres', '--no-create-home', 'postgres']);
  } catch (cause) {
    throw new StartError(
      `Postgres does not run as root, and the user postgres could not be made: make it with "useradd postgres", ${INSTEAD}.`,
      { cause },
    );
  }
  const user = await lookUp();
  if (!user) throw new StartError(`Postgres does not run as root, and there is no user postgres: ${INSTEAD}.`);
  return user;
}
