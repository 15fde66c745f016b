/**
 * `<home>/logs/<part>.log`, written by the part itself, so that nothing is lost when the supervisor dies.
 * A new file per start of the supervisor; the last few are kept as `.1`, `.2`, `.3`.
 */
import { copyFile, mkdir, open, readFile, rename, stat, truncate } from 'node:fs/promises';
import path from 'node:path';

const KEPT_MAX = 3;
const BYTES_MAX = 64 * 2 ** 20;
const OUTPUT_BYTES_MAX = 2 ** 20;

export class LogFile {
  readonly path: string;

  constructor(home: string, part: string) {
    this.path = path.join(home, 'logs', `${part}.log`);
  }

  async rotate(): Promise<void> {
    await mkdir(path.dirname(this.path), { recursive: true });
    for (let index = KEPT_MAX; index >= 1; index -= 1) {
      await rename(index === 1 ? this.path : `${this.path}.${index - 1}`, `${this.path}.${index}`).catch(ignoreMissing);
    }
  }

  /** For appending; the caller closes it. */
  async open() {
    await mkdir(path.dirname(this.path), { recursive: true });
    return open(this.path, 'a', 0o600);
  }

  async sizeBytes(): Promise<number> {
    return stat(this.path).then(
      (s) => s.size,
      () => 0,
    );
  }

  async readFrom(offset: number): Promise<string> {
    const bytes = await readFile(this.path).catch(() => Buffer.alloc(0));
    return bytes.subarray(offset, offset + OUTPUT_BYTES_MAX).toString('utf8');
  }

  async lastLines(linesMax: number): Promise<string[]> {
    const text = await readFile(this.path, 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-linesMax);
  }

  /** Begins anew when it has grown too large. The part writes on, because it appends. */
  async bound(): Promise<void> {
    if ((await this.sizeBytes()) <= BYTES_MAX) return;
    await copyFile(this.path, `${this.path}.1`);
    await truncate(this.path, 0);
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
