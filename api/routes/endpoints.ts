/** Reading endpoints: the list, and one of them, at once or once it has settled. */
import { forOwner } from '../../db/client.ts';
import { readEndpointRecord, readEndpointRecords } from '../../db/endpoint-document.ts';
import { listEndpointIds } from '../../db/endpoints.ts';
import {
  EndpointDocument,
  EndpointGetQuery,
  EndpointIdPath,
  EndpointList,
  EndpointListQuery,
  encodeCursor,
} from '../contract.ts';
import { positionOf } from '../cursor.ts';
import type { RouteDeps } from '../deps.ts';
import { endpointDocument, endpointEtag } from '../endpoint-document.ts';
import { checkedEndpointId, endpointNotFound } from '../endpoint-lookup.ts';
import { route } from '../route.ts';
import { waitForSettled } from '../wait-for-settled.ts';

export function endpointRoutes(deps: RouteDeps) {
  return [
    route({
      method: 'get',
      path: '/api/endpoints',
      policy: { auth: 'read' },
      tag: 'Endpoints',
      summary: 'List endpoints, newest first',
      query: EndpointListQuery,
      answer: { status: 200, description: 'A page of endpoints.', schema: EndpointList },
      async handler({ principal, query }) {
        const afterId = positionOf(query.cursor);
        const { records, nextId } = await forOwner(deps.db, principal.ownerId, async (tx) => {
          const page = await listEndpointIds(tx, { limit: query.limit, afterId });
          return { records: await readEndpointRecords(tx, page.ids), nextId: page.nextId };
        });
        const items = records.map((record) => endpointDocument(record, deps));
        return { json: { items, nextCursor: nextId ? encodeCursor(nextId) : null } };
      },
    }),
    route({
      method: 'get',
      path: '/api/endpoints/{id}',
      policy: { auth: 'read' },
      tag: 'Endpoints',
      summary: 'Read an endpoint, at once or once it has settled',
      params: EndpointIdPath,
      query: EndpointGetQuery,
      answer: { status: 200, description: 'The endpoint.', schema: EndpointDocument },
      errors: ['endpoint_not_found'],
      async handler({ principal, params, query, res }) {
        const endpointId = checkedEndpointId(params.id);
        const read = () => forOwner(deps.db, principal.ownerId, (tx) => readEndpointRecord(tx, endpointId));
        const hungUp = new AbortController();
        res.once('close', () => hungUp.abort());
        const record = query.waitFor
          ? await waitForSettled({
              endpointId,
              read,
              changes: deps.changes,
              timeoutMs: query.timeout * 1000,
              signal: AbortSignal.any([hungUp.signal, deps.closing]),
            })
          : await read();
        if (!record) throw endpointNotFound();
        return { json: endpointDocument(record, deps), headers: { etag: endpointEtag(record) } };
      },
    }),
  ];
}
