import { useQueryClient } from '@tanstack/react-query';
import { notifications } from '@mantine/notifications';
import { useCallback } from 'react';
import { useNavigate } from 'react-router';
import { asApiError } from '../client/api-error.ts';
import { request } from '../client/request.ts';

/** Ends the session and forgets everything that was read with it. */
export function useSignOut(): () => void {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useCallback(() => {
    request('/api/auth/sign-out', { method: 'POST', body: {} }).then(
      () => {
        sessionStorage.clear();
        void navigate('/sign-in');
        client.clear();
      },
      (error: unknown) => notifications.show({ color: 'red', message: `Not signed out: ${asApiError(error).message}` }),
    );
  }, [client, navigate]);
}
