/**
 * The timeline as server-sent events: what happened since the given event, then live, with a comment every
 * 15 s so that nothing in between takes the silence for death. Ends when the endpoint is deleted; when it
 * breaks for any other reason the client resumes by Last-Event-ID.
 */
import type { Response } from 'express';
import type { TimelineEvent } from '../db/event-reads.ts';
import type { Changes } from './changes.ts';

const HEARTBEAT_MS = 15_000;
const PAGE = 200;
/**
 * Sequence numbers are given before commit, so an event can appear below one that was already sent. Looking
 * back this far finds it.
 */
const LOOK_BACK = 64;
/** A client that does not read is cut, rather than kept in our memory. */
const UNREAD_BYTES_MAX = 1_000_000;

export interface EventStreamOptions {
  endpointId: string;
  res: Response;
  afterSeq: number;
  read: (page: { afterSeq: number; limit: number }) => Promise<TimelineEvent[]>;
  toDocument: (event: TimelineEvent) => unknown;
  changes: Changes;
  /** This process is closing. */
  signal: AbortSignal;
  onError: (error: unknown) => void;
}

/** Streams until the endpoint is deleted, the client leaves, or the process closes. */
export async function streamEvents(options: EventStreamOptions): Promise<void> {
  const { res, signal } = options;
  const left = new AbortController();
  res.on('close', () => left.abort());
  let news = Promise.withResolvers<void>();
  const wake = () => news.resolve();
  const unsubscribe = options.changes.subscribe('endpoint_event', options.endpointId, wake);
  left.signal.addEventListener('abort', wake);
  signal.addEventListener('abort', wake);
  let heartbeat: NodeJS.Timeout | undefined;
  const isOpen = () => !left.signal.aborted && !signal.aborted && res.writableLength < UNREAD_BYTES_MAX;

  try {
    // The first read may fail as any other request does: nothing is committed yet.
    let events = await options.read({ afterSeq: options.afterSeq, limit: PAGE });
    res.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    res.flushHeaders();
    heartbeat = setInterval(() => res.write(': still here\n\n'), HEARTBEAT_MS);
    const cursor = new EventCursor(options.afterSeq);
    while (isOpen()) {
      for (const event of cursor.unsent(events)) {
        res.write(`id: ${event.seq}\ndata: ${JSON.stringify(options.toDocument(event))}\n\n`);
        if (event.type === 'transition' && event.toStatus === 'deleted') return;
      }
      if (events.length < PAGE) {
        await news.promise;
        news = Promise.withResolvers<void>();
        if (!isOpen()) break;
      }
      events = await options.read({ afterSeq: cursor.lookFrom(), limit: PAGE });
    }
  } catch (error) {
    if (!res.headersSent) throw error;
    options.onError(error);
  } finally {
    clearInterval(heartbeat);
    unsubscribe();
    signal.removeEventListener('abort', wake);
    if (res.headersSent) res.end();
  }
}

/** Remembers what was sent, a little way back. */
class EventCursor {
  readonly #startSeq: number;
  #lastSeq: number;
  readonly #sent = new Set<number>();

  constructor(startSeq: number) {
    this.#startSeq = startSeq;
    this.#lastSeq = startSeq;
  }

  lookFrom(): number {
    return Math.max(this.#startSeq, this.#lastSeq - LOOK_BACK);
  }

  unsent(events: readonly TimelineEvent[]): TimelineEvent[] {
    const unsent = events.filter((event) => !this.#sent.has(event.seq));
    for (const { seq } of unsent) {
      this.#sent.add(seq);
      this.#lastSeq = Math.max(this.#lastSeq, seq);
    }
    for (const seq of this.#sent) if (seq < this.#lastSeq - LOOK_BACK) this.#sent.delete(seq);
    return unsent;
  }
}
