/**
 * The client's side of one request. The status stays open as long as possible; once a stream has begun, a
 * failure can only be an error event and a cut connection, because both OpenAI SDKs take a clean end
 * without `[DONE]` for success.
 */
import type { ServerResponse } from 'node:http';
import { type Failure, errorBody, failureJson } from './failure.ts';

/** Long enough to see `[DONE]` and the blank line that ends an event. */
const TAIL_BYTES = 16;
/** A client that does not read gets no more time than this to take the last event. */
const LAST_WORDS_MS = 2_000;

export class Reply {
  readonly res: ServerResponse;
  readonly requestId: string;
  /** The status has been sent. */
  committed = false;
  /** It is an event stream. */
  events = false;
  lastByteAtMs = performance.now();
  #tail = Buffer.alloc(TAIL_BYTES);
  #tailLength = 0;

  constructor(res: ServerResponse, requestId: string) {
    this.res = res;
    this.requestId = requestId;
    res.setHeader('x-request-id', requestId);
  }

  get over(): boolean {
    return this.res.writableEnded || this.res.destroyed;
  }

  json(status: number, body: string, headers: Record<string, string> = {}): void {
    this.committed = true;
    this.res.writeHead(status, {
      ...headers,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    // Node leaves the body out by itself where the request was a HEAD.
    this.res.end(body);
  }

  /** Answers with an error, by status or, when that has been sent, by event. */
  fail(it: Failure, headers: Record<string, string> = {}): void {
    if (this.over) return;
    if (this.committed) this.interrupt(it);
    else this.json(it.status, failureJson(it), { ...headers, ...failureHeaders(it) });
  }

  begin(status: number, headers: Record<string, string>, events: boolean): void {
    this.committed = true;
    this.events = events;
    if (events) {
      headers['x-accel-buffering'] = 'no';
      headers['cache-control'] = 'no-store, no-transform';
    }
    this.res.writeHead(status, headers);
    if (events) this.res.flushHeaders();
    this.lastByteAtMs = performance.now();
  }

  /** @returns false when the client is slower than the node */
  write(chunk: Buffer): boolean {
    this.lastByteAtMs = performance.now();
    if (this.events) this.#remember(chunk);
    return this.res.write(chunk);
  }

  /** A comment is only put between events, so that it never falls into one. */
  comment(text: string): void {
    if (this.over || this.res.writableNeedDrain || !this.#atBoundary()) return;
    this.lastByteAtMs = performance.now();
    this.res.write(text);
  }

  get endedInDone(): boolean {
    return this.#tailText().includes('[DONE]');
  }

  end(): void {
    this.res.end();
  }

  /** Ends what has begun, so that no client can take it for complete. */
  interrupt(it: Failure): void {
    if (this.over) return;
    if (!this.events) {
      this.res.destroy();
      return;
    }
    this.lastEvent(JSON.stringify(errorBody(it)));
  }

  /** Sends `{"error":…}` as the last event and cuts the connection. */
  lastEvent(errorJson: string): void {
    const { res } = this;
    const separator = this.#atBoundary() ? '' : '\n\n';
    const timer = setTimeout(() => res.destroy(), LAST_WORDS_MS).unref();
    res.write(`${separator}data: ${errorJson}\n\n`, () => {
      clearTimeout(timer);
      res.destroy();
    });
  }

  #remember(chunk: Buffer): void {
    if (chunk.length >= TAIL_BYTES) {
      chunk.copy(this.#tail, 0, chunk.length - TAIL_BYTES);
      this.#tailLength = TAIL_BYTES;
      return;
    }
    const kept = Math.min(this.#tailLength, TAIL_BYTES - chunk.length);
    this.#tail.copyWithin(0, this.#tailLength - kept, this.#tailLength);
    chunk.copy(this.#tail, kept);
    this.#tailLength = kept + chunk.length;
  }

  #tailText(): string {
    return this.#tail.toString('latin1', 0, this.#tailLength);
  }

  #atBoundary(): boolean {
    return this.#tailLength === 0 || /(\n\n|\r\r|\r\n\r\n)$/.test(this.#tailText());
  }
}

export function failureHeaders(it: Failure): Record<string, string> {
  const headers: Record<string, string> = { 'cache-control': 'no-store', 'x-should-retry': String(it.shouldRetry) };
  if (it.retryAfterSeconds !== null) headers['retry-after'] = String(it.retryAfterSeconds);
  if (it.status === 401) headers['www-authenticate'] = 'Bearer';
  return headers;
}
