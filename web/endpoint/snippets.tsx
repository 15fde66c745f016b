import { Button, SegmentedControl, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconKey } from '@tabler/icons-react';
import { useState } from 'react';
import { keysQuery } from '../client/queries.ts';
import { request } from '../client/request.ts';
import type { CreateKeyRequest, CreatedKey, EndpointDocument } from '../client/types.ts';
import { Code } from '../parts/code.tsx';
import { ErrorNotice } from '../parts/error-notice.tsx';
import { Panel } from '../parts/page.tsx';
import { SNIPPET_LANGUAGES, type SnippetLanguage, type SnippetRequest, snippet } from './snippet-text.ts';
import styles from './endpoint-page.module.css';

const NAME_LENGTH_MAX = 80;

/** @param request what to send, when it is not the hello of every manual */
export function Snippets({
  endpoint,
  request: body,
  title = 'Use it',
}: {
  endpoint: EndpointDocument;
  request?: SnippetRequest;
  title?: string;
}) {
  const client = useQueryClient();
  const [language, setLanguage] = useState<SnippetLanguage>('curl');
  const makeKey = useMutation({
    mutationFn: () =>
      request<CreatedKey>('/api/keys', {
        method: 'POST',
        body: {
          name: `${endpoint.name.slice(0, NAME_LENGTH_MAX)} (snippet)`,
          scopes: ['inference'],
          endpointIds: [endpoint.id],
        } satisfies CreateKeyRequest,
      }),
    onSuccess: () => void client.invalidateQueries({ queryKey: keysQuery.queryKey }),
  });
  const key = makeKey.data?.key ?? null;
  return (
    <Panel
      title={title}
      actions={
        <SegmentedControl
          size="xs"
          data={[...SNIPPET_LANGUAGES]}
          value={language}
          onChange={setLanguage}
          aria-label="Language"
        />
      }
    >
      <div className={styles.stack}>
        <Code text={snippet(language, endpoint, key, body)} label={`${language} example`} />
        {key ? (
          <Text size="sm" c="dimmed">
            The key is for this endpoint only and is not shown again after you leave. Revoke it under Keys.
          </Text>
        ) : (
          <div>
            <Button
              variant="default"
              size="xs"
              leftSection={<IconKey size={14} />}
              loading={makeKey.isPending}
              onClick={() => makeKey.mutate()}
            >
              Put a fresh key in
            </Button>
          </div>
        )}
        <ErrorNotice error={makeKey.error} />
      </div>
    </Panel>
  );
}
