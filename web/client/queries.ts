/** What the pages read, by key. Polling is how the list stays live; the endpoint page has a stream besides. */
import { type QueryClient, queryOptions } from '@tanstack/react-query';
import { ApiError } from './api-error.ts';
import { request } from './request.ts';
import type { EndpointDocument, Installation, KeyDocument, Me, Page, Tier, UsageDocument } from './types.ts';

const PAGE_LIMIT = 100;
const FIRST_PAGE_MS = 2_500;
const REST_MS = 20_000;
const SETTLED_MS = 5_000;
const MOVING_MS = 1_500;

/** Who is signed in; null when nobody is, which is an answer and no error. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => request<{ user: { id: string; email: string } } | null>('/api/auth/get-session', { signal }),
  staleTime: 60_000,
});

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => request<Me>('/api/me', { signal }),
  staleTime: 60_000,
});

/** The newest endpoints, read often. */
export const firstEndpointsQuery = queryOptions({
  queryKey: ['endpoints', 'first'],
  queryFn: ({ signal }) => request<Page<EndpointDocument>>(`/api/endpoints?limit=${PAGE_LIMIT}`, { signal }),
  refetchInterval: FIRST_PAGE_MS,
});

/** All that come after the first page, read rarely. */
export const restOfEndpointsQuery = (cursor: string | null) =>
  queryOptions({
    queryKey: ['endpoints', 'rest'],
    enabled: cursor !== null,
    refetchInterval: REST_MS,
    queryFn: async ({ signal }) => {
      const items: EndpointDocument[] = [];
      for (let next = cursor; next !== null; ) {
        const page = await request<Page<EndpointDocument>>(
          `/api/endpoints?limit=${PAGE_LIMIT}&cursor=${encodeURIComponent(next)}`,
          { signal },
        );
        items.push(...page.items);
        next = page.nextCursor;
      }
      return items;
    },
  });

const MOVING = new Set(['building', 'waking', 'updating', 'deleting']);

export const endpointQuery = (id: string) =>
  queryOptions({
    queryKey: ['endpoint', id],
    queryFn: ({ signal }) => request<EndpointDocument>(`/api/endpoints/${id}`, { signal }),
    refetchInterval: (query) => {
      if (query.state.error instanceof ApiError && query.state.error.status === 404) return false;
      return MOVING.has(query.state.data?.status ?? '') ? MOVING_MS : SETTLED_MS;
    },
  });

export const logsQuery = (id: string, isFollowing: boolean) =>
  queryOptions({
    queryKey: ['logs', id],
    queryFn: ({ signal }) => request<{ items: string[] }>(`/api/endpoints/${id}/logs?lines=1000`, { signal }),
    refetchInterval: isFollowing ? 2_000 : false,
  });

export const usageQuery = (id: string | null, days: number, by: 'day' | 'hour' | null) =>
  queryOptions({
    queryKey: ['usage', id, days, by],
    queryFn: ({ signal }) => {
      const from = new Date(Date.now() - days * 86_400_000).toISOString();
      const path = id === null ? '/api/usage' : `/api/endpoints/${id}/usage`;
      return request<UsageDocument>(`${path}?from=${from}${by ? `&by=${by}` : ''}`, { signal });
    },
    refetchInterval: 30_000,
  });

export const keysQuery = queryOptions({
  queryKey: ['keys'],
  queryFn: async ({ signal }) => {
    const items: KeyDocument[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
      const page: Page<KeyDocument> = await request(`/api/keys?limit=${PAGE_LIMIT}${query}`, { signal });
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  },
  refetchInterval: 15_000,
});

export const tiersQuery = queryOptions({
  queryKey: ['tiers'],
  queryFn: ({ signal }) => request<{ items: Tier[] }>('/api/tiers', { signal }),
  staleTime: 600_000,
});

export const installationQuery = queryOptions({
  queryKey: ['installation'],
  queryFn: ({ signal }) => request<Installation>('/api/config', { signal }),
  staleTime: 600_000,
});

/** After a command: the endpoint and the lists that show it. */
export async function refreshEndpoint(client: QueryClient, id: string): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: ['endpoint', id] }),
    client.invalidateQueries({ queryKey: ['endpoints', 'first'] }),
  ]);
}
