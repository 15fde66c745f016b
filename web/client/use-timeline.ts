/**
 * The timeline of one endpoint, live. Resumes where it was after a cut, and stops while the page is hidden:
 * browsers give one server six connections, and a forgotten tab should not hold one.
 */
import { useEffect, useState } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import { asApiError } from './api-error.ts';
import { suspectOutage } from './connection.ts';
import { readEventStream } from './event-stream.ts';
import { refreshEndpoint } from './queries.ts';
import { send } from './request.ts';
import type { EventDocument } from './types.ts';

const RECONNECT_MS = 1500;

export interface Timeline {
  events: readonly EventDocument[];
  /** False until the first answer. */
  isLoaded: boolean;
  isLive: boolean;
}

const EMPTY: Timeline = { events: [], isLoaded: false, isLive: false };

export function useTimeline(endpointId: string): Timeline {
  const client = useQueryClient();
  const [timeline, setTimeline] = useState(EMPTY);
  useEffect(() => {
    setTimeline(EMPTY);
    const feed = followTimeline(endpointId, {
      onEvents(batch) {
        setTimeline((before) => ({ isLoaded: true, isLive: true, events: merge(before.events, batch) }));
        if (batch.length > 0) void refreshEndpoint(client, endpointId);
      },
      onCut: () => setTimeline((before) => ({ ...before, isLive: false })),
    });
    return () => feed.stop();
  }, [client, endpointId]);
  return timeline;
}

interface Feed {
  onEvents: (batch: EventDocument[]) => void;
  onCut: () => void;
}

function followTimeline(endpointId: string, feed: Feed): { stop(): void } {
  let lastSeq = 0;
  let connection: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;

  async function connect(): Promise<void> {
    if (isOver || document.hidden || connection) return;
    const own = new AbortController();
    connection = own;
    let waiting: EventDocument[] = [];
    const flush = () => {
      const batch = waiting;
      waiting = [];
      feed.onEvents(batch);
    };
    let frame = 0;
    try {
      const headers = { accept: 'text/event-stream', ...(lastSeq > 0 ? { 'last-event-id': String(lastSeq) } : {}) };
      const response = await send(`/api/endpoints/${endpointId}/events`, { headers, signal: own.signal });
      feed.onEvents([]);
      await readEventStream(response, {
        onEvent(message) {
          const event = JSON.parse(message.data) as EventDocument;
          lastSeq = Math.max(lastSeq, event.seq);
          waiting.push(event);
          // A long history comes as many events at once: shown as one.
          if (!frame) frame = window.setTimeout(() => ((frame = 0), flush()), 16);
        },
      });
    } catch (error) {
      if (own.signal.aborted) return;
      const failure = asApiError(error);
      isOver = failure.status >= 400 && failure.status < 500;
      if (!isOver) suspectOutage();
    } finally {
      if (waiting.length > 0) flush();
      if (connection === own) connection = null;
    }
    feed.onCut();
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), RECONNECT_MS);
  }

  const onVisibility = () => {
    if (document.hidden) {
      connection?.abort();
      connection = null;
    } else void connect();
  };
  document.addEventListener('visibilitychange', onVisibility);
  void connect();
  return {
    stop() {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisibility);
      connection?.abort();
    },
  };
}

function merge(before: readonly EventDocument[], batch: readonly EventDocument[]): readonly EventDocument[] {
  if (batch.length === 0) return before;
  const bySeq = new Map(before.map((event) => [event.seq, event]));
  for (const event of batch) bySeq.set(event.seq, event);
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}
