import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { request } from '../client/request.ts';
import { refreshEndpoint } from '../client/queries.ts';
import type { EndpointDocument } from '../client/types.ts';
import { ErrorNotice } from '../parts/error-notice.tsx';

export function DeleteDialog(props: { endpoint: EndpointDocument; isOpen: boolean; close: () => void }) {
  const { endpoint, isOpen, close } = props;
  return (
    <Modal opened={isOpen} onClose={close} title={`Delete ${endpoint.name}?`}>
      {isOpen && <DeleteForm endpoint={endpoint} close={close} />}
    </Modal>
  );
}

function DeleteForm({ endpoint, close }: { endpoint: EndpointDocument; close: () => void }) {
  const client = useQueryClient();
  const [typed, setTyped] = useState('');
  const remove = useMutation({
    mutationFn: () => request(`/api/endpoints/${endpoint.id}`, { method: 'DELETE' }),
    async onSuccess() {
      await refreshEndpoint(client, endpoint.id);
      close();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed === endpoint.name) remove.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Text size="sm">
          Its nodes and weights are released and its URL stops answering. This cannot be undone; what it has cost so far
          stays in your usage.
        </Text>
        <TextInput
          label={
            <>
              Type <code>{endpoint.name}</code> to confirm
            </>
          }
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        <ErrorNotice error={remove.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Keep it
          </Button>
          <Button type="submit" color="red" disabled={typed !== endpoint.name} loading={remove.isPending}>
            Delete
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
