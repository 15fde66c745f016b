/**
 * The one fetch by which the Hub is asked. Repositories, and what is put between us and the Hub, are strangers: an
 * answer has 10 seconds and 2 MB after decompression, comes from the Hub's own origin (no redirect and no "next
 * page" leads elsewhere), and a conversation has a fixed number of requests. The token goes to that origin only.
 *
 * Anything but a good answer is thrown as a HubFailure, so that the client never reads the body of an error (it
 * fails on those of a HEAD) and X-Error-Code and Retry-After are not lost.
 */
import { HubFailure, failureOf } from './hub-failure.ts';

const ANSWER_MS_MAX = 10_000;
const ANSWER_BYTES_MAX = 2 * 2 ** 20;
const REDIRECTS_MAX = 3;
const REQUESTS_MAX = 24;

export interface Conversation {
  /** e.g. https://huggingface.co */
  endpoint: string;
  token: string | null;
  /** Ends the whole conversation. */
  signal?: AbortSignal | undefined;
}

export function boundedFetch(conversation: Conversation): typeof fetch {
  const { origin } = new URL(conversation.endpoint);
  let requestsLeft = REQUESTS_MAX;
  return async (input, init) => {
    const timeout = AbortSignal.timeout(ANSWER_MS_MAX);
    const signal = conversation.signal ? AbortSignal.any([timeout, conversation.signal]) : timeout;
    const headers = withoutXet(init?.headers);
    if (conversation.token !== null) headers.set('authorization', `Bearer ${conversation.token}`);
    let url = new URL(input instanceof Request ? input.url : input);
    for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
      if (url.origin !== origin) throw new HubFailure('unusable', `the Hub led to another host (${url.host})`);
      if (requestsLeft-- <= 0) throw new HubFailure('unusable', 'the Hub leads from answer to answer without end');
      const response = await send(url, { ...init, headers, redirect: 'manual', signal });
      const location = response.headers.get('location');
      if (response.status >= 400) {
        await response.body?.cancel();
        throw failureOf(response);
      }
      if (response.status < 300 || !location) return readWhole(response, init?.method === 'HEAD');
      await response.body?.cancel();
      const next = new URL(location, url);
      // A file may be read when the Hub sends us to its store; a HEAD wants to know no more.
      if (next.origin !== origin && init?.method === 'HEAD') return new Response(null, { status: 200 });
      url = next;
    }
    throw new HubFailure('unusable', 'the Hub redirects in circles');
  };
}

async function send(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    throw new HubFailure('unavailable', 'the Hub cannot be reached', { cause });
  }
}

/** With this Accept the Hub answers with an address in its chunk store instead of bytes. */
function withoutXet(given: RequestInit['headers']): Headers {
  const headers = new Headers(given);
  if (headers.get('accept')?.includes('xet')) headers.delete('accept');
  return headers;
}

async function readWhole(response: Response, isHead: boolean): Promise<Response> {
  const headers = new Headers(response.headers);
  for (const name of ['content-encoding', 'content-length']) headers.delete(name);
  const { status } = response;
  if (isHead || !response.body) return new Response(null, { status, headers });
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of response.body) {
      sizeBytes += chunk.byteLength;
      // Leaving the loop cancels the stream, so that an endless answer is not read on.
      if (sizeBytes > ANSWER_BYTES_MAX) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new HubFailure('unavailable', "the Hub's answer broke off", { cause });
  }
  if (sizeBytes > ANSWER_BYTES_MAX) {
    throw new HubFailure('unusable', `the Hub's answer is larger than ${ANSWER_BYTES_MAX} bytes`);
  }
  return new Response(Buffer.concat(chunks), { status, headers });
}
