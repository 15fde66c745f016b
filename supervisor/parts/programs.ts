/** Our own two programs. They read their configuration from the environment like anywhere else. */
import { fileURLToPath } from 'node:url';
import type { Part } from '../part.ts';

const REPOSITORY = new URL('../../', import.meta.url);
const READY_WITHIN_MS = 120_000;

export function workerPart(env: NodeJS.ProcessEnv): Part {
  return {
    name: 'worker',
    command: async () => ({
      program: process.execPath,
      args: [fileURLToPath(new URL('worker/main.ts', REPOSITORY))],
      // It says that it is ready in its log, which a quieter level would swallow.
      env: {
        ...env,
        LOG_LEVEL: ['warn', 'error', 'silent'].includes(env['LOG_LEVEL'] ?? '') ? 'info' : env['LOG_LEVEL'],
      },
    }),
    isReady: async (running) => (await running.output()).includes('worker ready'),
    readyWithinMs: READY_WITHIN_MS,
    stopSignal: 'SIGTERM',
    stopGraceMs: 10_000,
  };
}

export function apiPart(env: NodeJS.ProcessEnv, baseUrl: string): Part {
  return {
    name: 'api',
    command: async () => ({
      program: process.execPath,
      args: [fileURLToPath(new URL('api/server.ts', REPOSITORY))],
      env,
    }),
    isReady: async () => {
      const answer = await fetch(`${baseUrl}/readyz`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
      await answer?.body?.cancel();
      return answer?.status === 200;
    },
    readyWithinMs: READY_WITHIN_MS,
    stopSignal: 'SIGTERM',
    stopGraceMs: 8_000,
  };
}
