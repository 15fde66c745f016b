import path from 'node:path';
import type { Part } from '../../../supervisor/part.ts';

const SCRIPT = path.join(import.meta.dirname, 'stand-in.mjs');

/** A part that does nothing but live and end as told. */
export function standIn(name: string, env: Record<string, string> = {}, overrides: Partial<Part> = {}): Part {
  return {
    name,
    command: async () => ({ program: process.execPath, args: [SCRIPT], env: { ...env, NAME: name } }),
    isReady: async (running) => (await running.output()).includes('stand-in ready'),
    readyWithinMs: 10_000,
    stopSignal: 'SIGTERM',
    stopGraceMs: 5_000,
    ...overrides,
  };
}
