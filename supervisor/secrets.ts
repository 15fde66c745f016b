/**
 * `<home>/secrets.json`: what a fresh installation makes up once and must keep. Without it nothing that is
 * sealed in the database can be opened again, so it belongs into the same backup.
 */
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { StartError } from './start-error.ts';

const Secrets = z.object({
  /** HYPERVIZE_SECRET_KEY */
  secretKey: z.string().regex(/^[0-9a-f]{64}$/),
  /** HYPERVIZE_AUTH_SECRET */
  authSecret: z.string().min(32),
  postgresPassword: z.string().min(16),
});
export type Secrets = z.infer<typeof Secrets>;

/** Reads them, or makes them at the first start. */
export async function keepSecrets(home: string): Promise<Secrets> {
  const file = path.join(home, 'secrets.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text !== null) return parse(text, file);
  const hex = (bytes: number) => randomBytes(bytes).toString('hex');
  const secrets = { secretKey: hex(32), authSecret: hex(32), postgresPassword: hex(24) };
  await writeFile(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return secrets;
}

function parse(text: string, file: string): Secrets {
  try {
    return Secrets.parse(JSON.parse(text));
  } catch (cause) {
    throw new StartError(
      `${file} is damaged: bring it back from a backup, because the database cannot be read without it.`,
      { cause },
    );
  }
}
