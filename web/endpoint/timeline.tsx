/** What happened to the endpoint, newest first, as it happens. */
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { EndpointStatus } from '../../domain/endpoint.ts';
import { sessionQuery } from '../client/queries.ts';
import type { Timeline as TimelineData } from '../client/use-timeline.ts';
import type { EventDocument } from '../client/types.ts';
import { duration } from '../parts/format.ts';
import { Panel, emptyClass } from '../parts/page.tsx';
import { StateGlyph } from '../parts/state-glyph.tsx';
import { stateTone } from '../parts/status-badge.tsx';
import { Time } from '../parts/time.tsx';
import styles from './timeline.module.css';

const SHOWN_FIRST = 10;

export function Timeline({ timeline }: { timeline: TimelineData }) {
  const [isWhole, setIsWhole] = useState(false);
  const { events } = timeline;
  const shown = isWhole ? events : events.slice(-SHOWN_FIRST);
  const newestFirst = shown.map((event) => ({ event, took: tookSeconds(events, event) })).toReversed();
  return (
    <Panel
      title="Timeline"
      flush
      actions={
        <span className={styles.live}>
          <span className={stateTone} data-look={timeline.isLive ? 'up' : 'paused'}>
            <span style={{ color: 'var(--state)' }}>●</span>
          </span>
          {timeline.isLive ? 'live' : timeline.isLoaded ? 'reconnecting' : 'loading'}
        </span>
      }
    >
      {events.length === 0 && timeline.isLoaded && <div className={emptyClass}>Nothing has happened yet.</div>}
      <ol className={styles.list} aria-label="Timeline, newest first">
        {newestFirst.map(({ event, took }) => (
          <Event key={event.seq} event={event} took={took} />
        ))}
      </ol>
      {events.length > shown.length && (
        <div className={styles.more}>
          <Button variant="default" size="xs" onClick={() => setIsWhole(true)}>
            Show {events.length - shown.length} earlier
          </Button>
        </div>
      )}
    </Panel>
  );
}

function Event({ event, took }: { event: EventDocument; took: number | null }) {
  const isTransition = event.type === 'transition';
  const session = useQuery(sessionQuery);
  const detail = detailOf(event, session.data?.user.id);
  return (
    <li className={styles.event}>
      <span className={styles.time}>
        <Time at={event.at} as="clock" />
      </span>
      <span className={styles.rail}>
        {isTransition ? (
          <span className={`${styles.mark} ${stateTone}`} data-look={event.to ?? 'deleted'}>
            <StateGlyph look={(event.to ?? 'deleted') as EndpointStatus} size={13} />
          </span>
        ) : (
          <span className={styles.mark}>
            <span className={styles.dot} />
          </span>
        )}
      </span>
      <p className={styles.text} data-strong={isTransition}>
        {event.message}
        {detail && <span className={styles.detail}>{detail}</span>}
      </p>
      <span className={`${styles.took} num`}>{took === null ? '' : duration(took)}</span>
    </li>
  );
}

function detailOf(event: EventDocument, userId: string | undefined): string | null {
  const parts = [
    event.actor.startsWith('user:')
      ? event.actor === `user:${userId}`
        ? 'by you'
        : 'by another member'
      : event.actor.startsWith('key:')
        ? `by key ${event.actor.slice(4)}`
        : null,
    event.reason && event.reason !== event.message ? event.reason.replaceAll('_', ' ') : null,
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(' · ') : null;
}

/** How long a stage lasted: until the next stage or transition. */
function tookSeconds(events: readonly EventDocument[], event: EventDocument): number | null {
  if (event.type !== 'stage') return null;
  const next = events.find((other) => other.seq > event.seq && (other.type === 'stage' || other.type === 'transition'));
  return next ? (Date.parse(next.at) - Date.parse(event.at)) / 1000 : null;
}
