/** A server-sent event stream as a client reads it: frames as they come, and when it ended. */

export interface Frame {
  id: string | null;
  data: unknown;
}

export interface EventSource {
  status: number;
  headers: Headers;
  frames: Frame[];
  ended: () => boolean;
  close(): void;
}

export async function openEventSource(url: string, headers: Record<string, string>): Promise<EventSource> {
  const abort = new AbortController();
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: abort.signal });
  const frames: Frame[] = [];
  let ended = false;
  void read(response, frames)
    .catch(() => undefined)
    .finally(() => {
      ended = true;
    });
  return { status: response.status, headers: response.headers, frames, ended: () => ended, close: () => abort.abort() };
}

async function read(response: Response, frames: Frame[]): Promise<void> {
  let buffered = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    buffered += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = buffered.split('\n\n');
    buffered = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data !== undefined) frames.push({ id: /^id: (.*)$/m.exec(block)?.[1] ?? null, data: JSON.parse(data) });
    }
  }
}
