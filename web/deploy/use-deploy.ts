import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { useNavigate } from 'react-router';
import type { ApiError } from '../client/api-error.ts';
import { firstEndpointsQuery } from '../client/queries.ts';
import { randomId, request } from '../client/request.ts';
import type { ProvisionRequest, ProvisionResponse } from '../client/types.ts';
import { forgetDraft } from './draft.ts';

/** Sent again after an outage it deploys once; changed, it is another wish. */
export function useDeploy() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const last = useRef({ body: '', key: '' });
  return useMutation<ProvisionResponse, ApiError, ProvisionRequest>({
    mutationFn(body) {
      const text = JSON.stringify(body);
      if (last.current.body !== text) last.current = { body: text, key: randomId() };
      const headers = { 'idempotency-key': last.current.key };
      return request('/api/provision', { method: 'POST', body, headers });
    },
    onSuccess({ endpointId }) {
      forgetDraft();
      void client.invalidateQueries({ queryKey: firstEndpointsQuery.queryKey });
      return navigate(`/endpoints/${endpointId}`);
    },
  });
}
