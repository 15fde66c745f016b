/** API keys: made and shown once, listed, revoked. */
import { Button, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { keysQuery } from '../client/queries.ts';
import { ErrorNotice } from '../parts/error-notice.tsx';
import { emptyClass, Page, Panel } from '../parts/page.tsx';
import { CreateKeyDialog } from './create-key-dialog.tsx';
import { KeyTable } from './key-table.tsx';

export default function KeysPage() {
  const keys = useQuery(keysQuery);
  const [isCreating, setIsCreating] = useState(false);
  return (
    <Page
      title="API keys"
      sub="Programs send a key as “Authorization: Bearer hvz_…”. To rotate one, create a second, switch over, revoke the first."
      actions={
        <Button leftSection={<IconPlus size={16} />} onClick={() => setIsCreating(true)}>
          Create a key
        </Button>
      }
    >
      {keys.error && !keys.data ? <ErrorNotice error={keys.error} onRetry={() => void keys.refetch()} /> : null}
      {keys.isPending && !keys.error && <Skeleton height={160} radius="md" />}
      {keys.data && (
        <Panel flush>
          {keys.data.length === 0 ? (
            <div className={emptyClass}>No key yet. Create one to call your endpoints from a program.</div>
          ) : (
            <KeyTable keys={keys.data} />
          )}
        </Panel>
      )}
      <CreateKeyDialog isOpen={isCreating} close={() => setIsCreating(false)} />
    </Page>
  );
}
