/** The list of endpoints: live, searchable, and quick with thousands. */
import { Button, Skeleton, TextInput } from '@mantine/core';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { ErrorNotice } from '../parts/error-notice.tsx';
import { Page, Panel, emptyClass } from '../parts/page.tsx';
import { EndpointTable } from './endpoint-table.tsx';
import styles from './endpoints-page.module.css';
import { FirstDeploy } from './first-deploy.tsx';
import { useAllEndpoints } from './use-all-endpoints.ts';

export function EndpointsPage() {
  const { endpoints, isLoaded, isLoadingMore, error, retry } = useAllEndpoints();
  const [search, setSearch] = useState('');
  const found = useMemo(() => matching(endpoints, search), [endpoints, search]);
  if (isLoaded && endpoints.length === 0) return <FirstDeploy />;
  return (
    <Page
      title="Endpoints"
      actions={
        <div className={styles.tools}>
          <TextInput
            className={styles.search ?? ''}
            placeholder="Search name, model, id or status"
            aria-label="Search endpoints"
            leftSection={<IconSearch size={15} />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Button component={Link} to="/deploy" leftSection={<IconPlus size={16} />}>
            Deploy
          </Button>
        </div>
      }
    >
      {!isLoaded && error ? <ErrorNotice error={error} onRetry={retry} /> : null}
      {!isLoaded && !error && <LoadingRows />}
      {isLoaded && (
        <>
          <Panel flush>
            {found.length > 0 ? (
              <EndpointTable endpoints={found} />
            ) : (
              <div className={emptyClass}>No endpoint matches “{search}”.</div>
            )}
          </Panel>
          <p className={styles.footer} aria-live="polite">
            {search ? `${found.length} of ${endpoints.length}` : endpoints.length} endpoint
            {endpoints.length === 1 ? '' : 's'}
            {isLoadingMore && ', reading older ones…'}
          </p>
        </>
      )}
    </Page>
  );
}

function matching(endpoints: ReturnType<typeof useAllEndpoints>['endpoints'], search: string) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return endpoints;
  return endpoints.filter((endpoint) => {
    const text = `${endpoint.name} ${endpoint.model} ${endpoint.id} ${endpoint.badge}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function LoadingRows() {
  return (
    <Panel flush>
      <div aria-busy="true" aria-label="Loading endpoints">
        {[0, 1, 2].map((row) => (
          <div key={row} className={styles.row} data-last={row === 2}>
            <Skeleton height={18} width="60%" />
            <Skeleton height={18} />
          </div>
        ))}
      </div>
    </Panel>
  );
}
