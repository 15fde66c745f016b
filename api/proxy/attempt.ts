/**
 * One request to one node, as undici tells of it. Exactly one of `onEnd`, `onLost` is called at last,
 * except after `abort`, when nothing is.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher, Pool } from 'undici';

export interface AttemptEvents {
  onHead(status: number, headers: IncomingHttpHeaders): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  /** The connection failed; whether before or after the head, the listener knows. */
  onLost(error: Error): void;
}

export interface UpstreamRequest {
  path: string;
  /** Flat list of names and values. */
  headers: string[];
  body: Buffer;
}

export class Attempt implements Dispatcher.DispatchHandler {
  readonly #events: AttemptEvents;
  #controller: Dispatcher.DispatchController | null = null;
  #aborted = false;

  constructor(events: AttemptEvents) {
    this.#events = events;
  }

  send(pool: Pool, request: UpstreamRequest): void {
    pool.dispatch({ method: 'POST', path: request.path, headers: request.headers, body: request.body }, this);
  }

  /** Ends it now: the connection to the node is cut, which stops its generation. */
  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#controller?.abort(new Error('the client has gone'));
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    if (!this.#aborted) this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Aborted while it waited for a connection: nothing has been sent yet, and nothing will be.
    if (this.#aborted) controller.abort(new Error('the client has gone'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status >= 200 && !this.#aborted) this.#events.onHead(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#aborted) this.#events.onData(chunk);
  }

  onResponseEnd(): void {
    if (!this.#aborted) this.#events.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.#aborted) this.#events.onLost(error);
  }
}
