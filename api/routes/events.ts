/** The timeline of an endpoint, as a page or live, and the last output of its runtime. */
import { forOwner } from '../../db/client.ts';
import { type TimelineEvent, readEvents, readLogLines } from '../../db/event-reads.ts';
import {
  EndpointIdPath,
  type EventDocument,
  EventList,
  EventListQuery,
  EventStreamHeaders,
  LogLines,
  LogQuery,
  encodeCursor,
} from '../contract.ts';
import { positionOf } from '../cursor.ts';
import type { RouteDeps } from '../deps.ts';
import { withEndpoint } from '../endpoint-lookup.ts';
import { streamEvents } from '../event-stream.ts';
import { route } from '../route.ts';

export function eventRoutes(deps: RouteDeps) {
  return [
    route({
      method: 'get',
      path: '/api/endpoints/{id}/events',
      policy: { auth: 'read' },
      tag: 'Endpoints',
      summary: 'The timeline, oldest first; live with Accept: text/event-stream',
      params: EndpointIdPath,
      query: EventListQuery,
      headers: EventStreamHeaders,
      answer: { status: 200, description: 'What happened.', schema: EventList, also: ['text/event-stream'] },
      errors: ['endpoint_not_found'],
      async handler({ principal, params, query, headers, req, res }) {
        const cursorSeq = Number(positionOf(query.cursor) ?? 0);
        const afterSeq = Number.isSafeInteger(cursorSeq) ? cursorSeq : 0;
        const isStream = req.method === 'GET' && (req.headers.accept ?? '').includes('text/event-stream');
        if (!isStream) {
          const events = await withEndpoint(deps, principal, params.id, (tx) =>
            readEvents(tx, params.id, { afterSeq, limit: query.limit + 1 }),
          );
          const items = events.slice(0, query.limit).map(eventDocument);
          const last = items.at(-1);
          return {
            json: { items, nextCursor: events.length > query.limit && last ? encodeCursor(String(last.seq)) : null },
          };
        }
        await withEndpoint(deps, principal, params.id, async () => undefined);
        await streamEvents({
          endpointId: params.id,
          res,
          afterSeq: Number(headers['last-event-id'] ?? afterSeq),
          // Not withEndpoint: the event that tells of the deletion comes after it.
          read: (page) => forOwner(deps.db, principal.ownerId, (tx) => readEvents(tx, params.id, page)),
          toDocument: eventDocument,
          changes: deps.changes,
          signal: deps.closing,
          onError: (err) => deps.logger.warn({ err, endpointId: params.id }, 'an event stream broke off'),
        });
        return 'handled';
      },
    }),
    route({
      method: 'get',
      path: '/api/endpoints/{id}/logs',
      policy: { auth: 'read' },
      tag: 'Endpoints',
      summary: "The runtime's last output lines, oldest first",
      params: EndpointIdPath,
      query: LogQuery,
      answer: { status: 200, description: 'Redacted; never prompts.', schema: LogLines },
      errors: ['endpoint_not_found'],
      async handler({ principal, params, query }) {
        const items = await withEndpoint(deps, principal, params.id, (tx) => readLogLines(tx, params.id, query.lines));
        return { json: { items } };
      },
    }),
  ];
}

function eventDocument(event: TimelineEvent): EventDocument {
  const { seq, type, actor, fromStatus, toStatus, stage, reason, message, details, runId } = event;
  return {
    seq,
    at: event.at.toISOString(),
    type,
    actor,
    from: fromStatus,
    to: toStatus,
    stage,
    reason,
    message,
    details,
    runId,
  };
}
