/** Asks a runtime whether it can serve. Only the status counts: vLLM's body is empty, llama.cpp's is not. */
import { Agent, request } from 'undici';

export type Health = 'ok' | 'refused' | 'failing';

/** Probes must not find a connection half-dead in a pool, so each makes its own. */
const agent = new Agent({ pipelining: 0, connect: { timeout: 3_000 } });

/** Never throws: `refused` means that nobody listens there any more. */
export async function probeHealth(address: string, timeoutMs: number): Promise<Health> {
  try {
    const { statusCode, body } = await request(`${address}/health`, {
      dispatcher: agent,
      signal: AbortSignal.timeout(timeoutMs),
    });
    await body.dump();
    return statusCode === 200 ? 'ok' : 'failing';
  } catch (error) {
    const { code } = error as { code?: unknown };
    return code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' ? 'refused' : 'failing';
  }
}
