/** The runtime's last output: follow, search, download. */
import { Button, Skeleton, Switch, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconDownload, IconSearch } from '@tabler/icons-react';
import { useLayoutEffect, useMemo, useRef, useState } from 'react';
import { logsQuery } from '../client/queries.ts';
import type { EndpointDocument } from '../client/types.ts';
import { ErrorNotice } from '../parts/error-notice.tsx';
import { emptyClass, Panel } from '../parts/page.tsx';
import styles from './logs-tab.module.css';

export function LogsTab({ endpoint }: { endpoint: EndpointDocument }) {
  const [isFollowing, setIsFollowing] = useState(true);
  const [search, setSearch] = useState('');
  const logs = useQuery(logsQuery(endpoint.id, isFollowing));
  const lines = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    const all = logs.data?.items ?? [];
    return wanted ? all.filter((line) => line.toLowerCase().includes(wanted)) : all;
  }, [logs.data, search]);
  const box = useRef<HTMLPreElement>(null);
  useLayoutEffect(() => {
    if (isFollowing && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, isFollowing]);
  return (
    <Panel
      flush
      title="Runtime log"
      actions={
        <div className={styles.tools}>
          <TextInput
            className={styles.search ?? ''}
            size="xs"
            placeholder="Only lines with…"
            aria-label="Search the log"
            leftSection={<IconSearch size={13} />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Switch
            size="xs"
            label="Follow"
            checked={isFollowing}
            onChange={(event) => setIsFollowing(event.currentTarget.checked)}
          />
          <Button
            variant="default"
            size="xs"
            leftSection={<IconDownload size={14} />}
            disabled={!logs.data?.items.length}
            onClick={() => download(`${endpoint.id}.log`, logs.data?.items ?? [])}
          >
            Download
          </Button>
        </div>
      }
    >
      {logs.error && !logs.data ? <ErrorNotice error={logs.error} onRetry={() => void logs.refetch()} /> : null}
      {logs.isPending && <Skeleton height="60vh" radius={0} />}
      {logs.data && lines.length === 0 && (
        <div className={emptyClass}>
          {search
            ? `No line contains “${search}”.`
            : 'The runtime has printed nothing yet. Lines appear once a node starts.'}
        </div>
      )}
      {lines.length > 0 && (
        <pre ref={box} className={styles.lines} tabIndex={0} role="log" aria-label="Runtime log" aria-live="off">
          {lines.join('\n')}
        </pre>
      )}
    </Panel>
  );
}

function download(name: string, lines: readonly string[]): void {
  const url = URL.createObjectURL(new Blob([`${lines.join('\n')}\n`], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
