/** Usage of one endpoint, or of all that the owner has and had. Requests and tokens are not counted yet. */
import { forOwner } from '../../db/client.ts';
import { type UsageRow, readUsage } from '../../db/usage.ts';
import { EndpointIdPath, UsageDocument, UsageQuery } from '../contract.ts';
import type { RouteDeps } from '../deps.ts';
import { inUsd } from '../endpoint-document.ts';
import { withEndpoint } from '../endpoint-lookup.ts';
import { route } from '../route.ts';

const ANSWER = { status: 200, description: 'Node-seconds and cost.', schema: UsageDocument };

export function usageRoutes(deps: RouteDeps) {
  return [
    route({
      method: 'get',
      path: '/api/usage',
      policy: { auth: 'read' },
      tag: 'Usage',
      summary: 'Usage of all endpoints, deleted ones too',
      query: UsageQuery,
      answer: ANSWER,
      async handler({ principal, query }) {
        const rows = await forOwner(deps.db, principal.ownerId, (tx) => readUsage(tx, { ...query, endpointId: null }));
        return { json: usageDocument(query, rows) };
      },
    }),
    route({
      method: 'get',
      path: '/api/endpoints/{id}/usage',
      policy: { auth: 'read' },
      tag: 'Usage',
      summary: 'Usage of one endpoint',
      params: EndpointIdPath,
      query: UsageQuery,
      answer: ANSWER,
      errors: ['endpoint_not_found'],
      async handler({ principal, params, query }) {
        const rows = await withEndpoint(deps, principal, params.id, (tx) =>
          readUsage(tx, { ...query, endpointId: params.id }),
        );
        return { json: usageDocument(query, rows) };
      },
    }),
  ];
}

function usageDocument(
  query: { from: Date; to: Date; by: 'hour' | 'day' | null },
  rows: readonly UsageRow[],
): UsageDocument {
  const isKnown = rows.every((row) => row.costUsdMicros !== null);
  return {
    from: query.from.toISOString(),
    to: query.to.toISOString(),
    by: query.by,
    currency: 'USD',
    items: rows.map((row) => ({
      endpointId: row.endpointId,
      start: row.start?.toISOString() ?? null,
      nodeSeconds: row.nodeSeconds,
      costUsd: inUsd(row.costUsdMicros),
    })),
    total: {
      nodeSeconds: rows.reduce((sum, row) => sum + row.nodeSeconds, 0),
      // Summed as whole micro-dollars, so that no rounding creeps in.
      costUsd: isKnown ? inUsd(rows.reduce((sum, row) => sum + (row.costUsdMicros ?? 0), 0)) : null,
    },
  };
}
