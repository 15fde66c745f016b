import { access, constants, mkdir, stat } from 'node:fs/promises';
import { StartError } from './start-error.ts';

/**
 * The folder that holds everything. Nobody else may list it; where we are root, Postgres's own user must
 * be able to pass through it.
 */
export async function prepareHome(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    await access(home, constants.W_OK);
    if ((await stat(home)).isDirectory()) return;
  } catch (cause) {
    throw new StartError(
      `${home} cannot be used for the data: name a folder that you may write to with HYPERVIZE_HOME=/path npm start.`,
      { cause },
    );
  }
  throw new StartError(`${home} is not a folder: name another with HYPERVIZE_HOME=/path npm start.`);
}
