/** All endpoints of the owner: the newest page live, the rest as read a little earlier. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { firstEndpointsQuery, restOfEndpointsQuery } from '../client/queries.ts';
import type { EndpointDocument } from '../client/types.ts';

export interface AllEndpoints {
  endpoints: readonly EndpointDocument[];
  isLoaded: boolean;
  /** The first page is there, older ones are still being read. */
  isLoadingMore: boolean;
  error: unknown;
  retry: () => void;
}

export function useAllEndpoints(enabled = true): AllEndpoints {
  const first = useQuery({ ...firstEndpointsQuery, enabled });
  const cursor = first.data?.nextCursor ?? null;
  const rest = useQuery({
    ...restOfEndpointsQuery(cursor),
    enabled: enabled && cursor !== null,
    placeholderData: keepPreviousData,
  });
  const endpoints = useMemo(() => {
    const newest = first.data?.items ?? [];
    if (cursor === null || !rest.data) return newest;
    // A new endpoint moves another from the first page to the rest, which is read later.
    const seen = new Set(newest.map((endpoint) => endpoint.id));
    return [...newest, ...rest.data.filter((endpoint) => !seen.has(endpoint.id))];
  }, [first.data, rest.data, cursor]);
  return {
    endpoints,
    isLoaded: first.data !== undefined,
    isLoadingMore: cursor !== null && !rest.data,
    error: first.error,
    retry: () => void first.refetch(),
  };
}
