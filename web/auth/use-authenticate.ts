import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearchParams } from 'react-router';
import type { ApiError } from '../client/api-error.ts';
import { sessionQuery } from '../client/queries.ts';
import { request } from '../client/request.ts';

/** Signs up or in, then goes where the visitor wanted to go. */
export function useAuthenticate(path: '/api/auth/sign-up/email' | '/api/auth/sign-in/email', home: string) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  return useMutation<unknown, ApiError, Record<string, string>>({
    mutationFn: (body) => request(path, { method: 'POST', body }),
    async onSuccess() {
      await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
      await navigate(ownPath(search.get('next')) ?? home, { replace: true });
    },
  });
}

/** Only paths of our own: a link must not send somebody who signs in to another site. */
function ownPath(next: string | null): string | null {
  if (!next) return null;
  const url = new URL(next, location.origin);
  return url.origin === location.origin && next.startsWith('/') ? url.pathname + url.search : null;
}
