/** The end of a log that may be large. */
import { open } from 'node:fs/promises';

const BYTES_MAX = 256 * 1024;

/** Oldest first; empty when there is no such file. */
export async function lastLines(file: string, linesMax: number): Promise<string[]> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, 'r');
  } catch {
    return [];
  }
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - BYTES_MAX);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    // The first may have been cut; it might also be the tail of a secret that redaction would not know.
    if (start > 0) lines.shift();
    return lines.filter((line) => line.trim() !== '').slice(-linesMax);
  } finally {
    await handle.close();
  }
}
