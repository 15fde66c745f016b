import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './api-error.ts';
import { onRecovery } from './connection.ts';

/** What was read stays on the page while the server is away, and is read anew when it is back. */
export function createQueryClient(): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: 'always',
        refetchOnReconnect: false,
        // Refusals do not change by asking again; outages are waited for by connection.ts.
        retry: (count, error) => error instanceof ApiError && error.isOutage && count < 3,
        retryDelay: 1_000,
        staleTime: 1_000,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
  onRecovery(() => void client.invalidateQueries());
  return client;
}
