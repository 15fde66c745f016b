/** Questions to a node's runtime. Each answers false rather than throwing when the runtime does not. */
import type { NodeSpec } from '../providers/provider.ts';

const HEALTH_TIMEOUT_MS = 3_000;
const COMPLETION_TIMEOUT_MS = 60_000;

/** True when the runtime says that it is loaded. */
export async function isHealthy(address: string, signal?: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(`${address}/health`, { signal: limit(HEALTH_TIMEOUT_MS, signal), redirect: 'error' });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}

/**
 * True when a real one-token completion succeeds with the node's own secret. A runtime for embeddings
 * has no completions and answers 4xx there; one embedding is asked for instead.
 */
export async function answersCompletion(
  address: string,
  node: Pick<NodeSpec, 'secret' | 'model'>,
  signal?: AbortSignal,
): Promise<boolean> {
  const chat = { model: node.model, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1, temperature: 0 };
  const status = await post(`${address}/v1/chat/completions`, node.secret, chat, signal);
  if (status === 200) return true;
  if (status !== 400 && status !== 404 && status !== 501) return false;
  return (await post(`${address}/v1/embeddings`, node.secret, { model: node.model, input: 'Hi' }, signal)) === 200;
}

async function post(url: string, secret: string, body: unknown, signal?: AbortSignal): Promise<number | null> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify(body),
      signal: limit(COMPLETION_TIMEOUT_MS, signal),
      redirect: 'error',
    });
    // The answer counts only when it came whole.
    await response.arrayBuffer();
    return response.status;
  } catch {
    return null;
  }
}

function limit(ms: number, signal?: AbortSignal): AbortSignal {
  return signal ? AbortSignal.any([AbortSignal.timeout(ms), signal]) : AbortSignal.timeout(ms);
}
