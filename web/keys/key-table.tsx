import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { firstEndpointsQuery, keysQuery } from '../client/queries.ts';
import { request } from '../client/request.ts';
import type { KeyDocument } from '../client/types.ts';
import { ErrorNotice } from '../parts/error-notice.tsx';
import { scrollClass, tableClass } from '../parts/page.tsx';
import { Time, TimeAgo } from '../parts/time.tsx';

export function KeyTable({ keys }: { keys: readonly KeyDocument[] }) {
  const endpoints = useQuery({ ...firstEndpointsQuery, refetchInterval: false });
  const [revoking, setRevoking] = useState<KeyDocument | null>(null);
  const nameOf = (id: string) => endpoints.data?.items.find((endpoint) => endpoint.id === id)?.name ?? id;
  return (
    <div className={scrollClass} tabIndex={0} role="region" aria-label="API keys">
      <table className={tableClass}>
        <thead>
          <tr>
            <th>Name</th>
            <th>Key</th>
            <th>May</th>
            <th>Endpoints</th>
            <th>Last used</th>
            <th>Expires</th>
            <th>
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id}>
              <td>
                {key.name}
                <br />
                <span className="faint">
                  created <TimeAgo at={key.createdAt} />
                </span>
              </td>
              <td>
                <code>
                  {key.prefix}…{key.last4}
                </code>
              </td>
              <td>{key.scopes.join(', ')}</td>
              <td>{key.endpointIds ? key.endpointIds.map(nameOf).join(', ') : 'all'}</td>
              <td>
                <TimeAgo at={key.lastUsedAt} />
              </td>
              <td>{key.expiresAt ? <Expiry at={key.expiresAt} /> : <span className="faint">never</span>}</td>
              <td data-right="true">
                <Button variant="default" size="xs" onClick={() => setRevoking(key)} aria-label={`Revoke ${key.name}`}>
                  Revoke
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Modal opened={revoking !== null} onClose={() => setRevoking(null)} title={`Revoke ${revoking?.name ?? ''}?`}>
        {revoking && <RevokeForm apiKey={revoking} close={() => setRevoking(null)} />}
      </Modal>
    </div>
  );
}

function Expiry({ at }: { at: string }) {
  return Date.parse(at) < Date.now() ? <span>expired</span> : <Time at={at} />;
}

function RevokeForm({ apiKey, close }: { apiKey: KeyDocument; close: () => void }) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => request(`/api/keys/${apiKey.id}`, { method: 'DELETE' }),
    async onSuccess() {
      await client.invalidateQueries({ queryKey: keysQuery.queryKey });
      close();
    },
  });
  return (
    <Stack gap="md">
      <Text size="sm">
        Programs that use{' '}
        <code>
          {apiKey.prefix}…{apiKey.last4}
        </code>{' '}
        are refused within seconds. This cannot be undone.
      </Text>
      <ErrorNotice error={revoke.error} />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={close}>
          Keep it
        </Button>
        <Button color="red" loading={revoke.isPending} onClick={() => revoke.mutate()}>
          Revoke
        </Button>
      </Group>
    </Stack>
  );
}
