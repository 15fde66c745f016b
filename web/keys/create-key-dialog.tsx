import { Button, Checkbox, Group, Modal, MultiSelect, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { ApiError } from '../client/api-error.ts';
import { keysQuery } from '../client/queries.ts';
import { request } from '../client/request.ts';
import type { CreateKeyRequest, CreatedKey } from '../client/types.ts';
import { useAllEndpoints } from '../endpoints/use-all-endpoints.ts';
import { Code } from '../parts/code.tsx';
import { ErrorNotice } from '../parts/error-notice.tsx';

type Scope = CreateKeyRequest['scopes'][number];

const SCOPES: { value: Scope; label: string; description: string }[] = [
  { value: 'inference', label: 'Inference', description: 'Send requests to endpoints.' },
  { value: 'read', label: 'Read', description: 'See endpoints, timelines, logs and usage.' },
  { value: 'manage', label: 'Manage', description: 'Deploy, change and delete endpoints, and make keys.' },
];

const EXPIRIES = [
  { value: '', label: 'Never' },
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
];

export function CreateKeyDialog({ isOpen, close }: { isOpen: boolean; close: () => void }) {
  const [created, setCreated] = useState<CreatedKey | null>(null);
  const end = () => {
    close();
    setCreated(null);
  };
  return (
    <Modal
      opened={isOpen}
      onClose={end}
      title={created ? 'Your new key' : 'Create a key'}
      closeOnClickOutside={!created}
    >
      {isOpen && (created ? <ShownOnce created={created} close={end} /> : <CreateForm onCreated={setCreated} />)}
    </Modal>
  );
}

function CreateForm({ onCreated }: { onCreated: (key: CreatedKey) => void }) {
  const client = useQueryClient();
  const { endpoints } = useAllEndpoints();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<Scope[]>(['inference']);
  const [endpointIds, setEndpointIds] = useState<string[]>([]);
  const [days, setDays] = useState('');
  const mayLimit = scopes.length === 1 && scopes[0] === 'inference';
  const create = useMutation<CreatedKey, ApiError, CreateKeyRequest>({
    mutationFn: (body) => request('/api/keys', { method: 'POST', body }),
    onSuccess(key) {
      void client.invalidateQueries({ queryKey: keysQuery.queryKey });
      onCreated(key);
    },
  });
  const fields = create.error?.fields ?? {};
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({
      name,
      scopes,
      ...(mayLimit && endpointIds.length > 0 ? { endpointIds } : {}),
      ...(days ? { expiresAt: new Date(Date.now() + Number(days) * 86_400_000).toISOString() } : {}),
    });
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <TextInput
          label="Name"
          description="Who or what uses it."
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fields['name']}
        />
        <Checkbox.Group label="It may" value={scopes} onChange={setScopes} error={fields['scopes']}>
          <Stack gap={8} mt={6}>
            {SCOPES.map((scope) => (
              <Checkbox key={scope.value} {...scope} />
            ))}
          </Stack>
        </Checkbox.Group>
        <MultiSelect
          label="Only for these endpoints"
          description={
            mayLimit
              ? 'All of yours, also later ones, when none is chosen.'
              : 'Only a key for inference alone can be limited.'
          }
          disabled={!mayLimit}
          data={endpoints.map(({ id, name: label }) => ({ value: id, label: `${label} (${id.slice(-4)})` }))}
          value={mayLimit ? endpointIds : []}
          onChange={setEndpointIds}
          searchable
          error={fields['endpointIds']}
        />
        <Select
          label="Expires"
          data={EXPIRIES}
          value={days}
          onChange={(value) => setDays(value ?? '')}
          allowDeselect={false}
          error={fields['expiresAt']}
        />
        {Object.keys(fields).length === 0 && <ErrorNotice error={create.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending} disabled={name.trim() === '' || scopes.length === 0}>
            Create
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function ShownOnce({ created, close }: { created: CreatedKey; close: () => void }) {
  return (
    <Stack gap="md">
      <Text size="sm">Copy it now. It is not kept here and cannot be shown again.</Text>
      <Code text={created.key} label="the key" />
      <Group justify="flex-end">
        <Button onClick={close}>I have copied it</Button>
      </Group>
    </Stack>
  );
}
