/** What a scripted runtime wrote about itself, while its node's folder is still there. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { NodeInstance } from './process-truth.ts';

export interface ScriptedLine {
  at: string;
  pid: number;
  event: string;
  tokens?: number;
  args?: string[];
  /** What a request came with. */
  headers?: Record<string, string>;
  /** Size of the file of weights that it was given. */
  modelBytes?: number | null;
}

export async function readScripted(instance: NodeInstance): Promise<ScriptedLine[]> {
  const text = await readFile(path.join(instance.folder, 'scripted.jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ScriptedLine);
}

/** The most requests that the runtime worked on at once. */
export function peakInFlight(lines: readonly ScriptedLine[]): number {
  let inFlight = 0;
  let peak = 0;
  for (const line of lines) {
    if (line.event === 'request') inFlight += 1;
    if (line.event === 'done' || line.event === 'abort') inFlight -= 1;
    peak = Math.max(peak, inFlight);
  }
  return peak;
}
