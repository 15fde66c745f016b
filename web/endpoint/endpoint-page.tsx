/** One endpoint: how it is and what happens to it, and tabs to talk to it, look into it and change it. */
import { Button, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { Link, NavLink, useParams } from 'react-router';
import { ApiError } from '../client/api-error.ts';
import { endpointQuery } from '../client/queries.ts';
import type { EndpointDocument } from '../client/types.ts';
import { useTimeline } from '../client/use-timeline.ts';
import { NotFound } from '../layout/not-found.tsx';
import { CopyIcon } from '../parts/copy.tsx';
import { ErrorNotice } from '../parts/error-notice.tsx';
import { Page } from '../parts/page.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { Commands } from './commands.tsx';
import styles from './endpoint-page.module.css';
import { Lifeline } from './lifeline.tsx';
import { LogsTab } from './logs-tab.tsx';
import { OverviewTab } from './overview-tab.tsx';
import { SettingsTab } from './settings-tab.tsx';
import { TemporalLink } from './temporal-link.tsx';

const PlaygroundTab = lazy(() => import('../playground/playground-tab.tsx'));
const UsageTab = lazy(() => import('./usage-tab.tsx'));

const TABS = [
  { path: '', label: 'Overview' },
  { path: '/playground', label: 'Playground' },
  { path: '/logs', label: 'Logs' },
  { path: '/usage', label: 'Usage' },
  { path: '/settings', label: 'Settings' },
];

export default function EndpointPage() {
  const { id = '', tab = '' } = useParams();
  if (!TABS.some(({ path }) => path === (tab && `/${tab}`))) return <NotFound />;
  return <LoadedEndpoint key={id} id={id} tab={tab} />;
}

function LoadedEndpoint({ id, tab }: { id: string; tab: string }) {
  const endpoint = useQuery(endpointQuery(id));
  const isGone = endpoint.error instanceof ApiError && endpoint.error.status === 404;
  if (isGone) return endpoint.data ? <Gone name={endpoint.data.name} /> : <NoSuchEndpoint />;
  if (!endpoint.data) {
    return (
      <Page title="Endpoint" heading={<Skeleton height={26} width={280} />}>
        {endpoint.error ? (
          <ErrorNotice error={endpoint.error} onRetry={() => void endpoint.refetch()} />
        ) : (
          <Skeleton height={150} radius="md" aria-busy="true" />
        )}
      </Page>
    );
  }
  return <Endpoint endpoint={endpoint.data} tab={tab} />;
}

function Endpoint({ endpoint, tab }: { endpoint: EndpointDocument; tab: string }) {
  const timeline = useTimeline(endpoint.id);
  return (
    <Page
      title={endpoint.name}
      heading={
        <div className={styles.title}>
          <h1>{endpoint.name}</h1>
          <StatusBadge endpoint={endpoint} size="large" />
        </div>
      }
      actions={
        <div className={styles.actions}>
          <Commands endpoint={endpoint} />
        </div>
      }
    >
      <div className={styles.facts}>
        <span>{endpoint.model}</span>
        <span>
          <code>{endpoint.id}</code>
          <CopyIcon text={endpoint.id} label="Copy the endpoint id" />
        </span>
        <TemporalLink workflowId={endpoint.workflowId} />
      </div>
      <Lifeline endpoint={endpoint} events={timeline.events} />
      <nav className={styles.tabs} aria-label="Parts of the endpoint">
        {TABS.map(({ path, label }) => (
          <NavLink key={path} to={`/endpoints/${endpoint.id}${path}`} end preventScrollReset>
            {label}
          </NavLink>
        ))}
      </nav>
      <Suspense fallback={<Skeleton height={240} radius="md" />}>
        {tab === '' && <OverviewTab endpoint={endpoint} timeline={timeline} />}
        {tab === 'playground' && <PlaygroundTab endpoint={endpoint} events={timeline.events} />}
        {tab === 'logs' && <LogsTab endpoint={endpoint} />}
        {tab === 'usage' && <UsageTab endpoint={endpoint} />}
        {tab === 'settings' && <SettingsTab endpoint={endpoint} />}
      </Suspense>
    </Page>
  );
}

function Gone({ name }: { name: string }) {
  return (
    <Page title={`${name} is deleted`} narrow>
      <p className="dim">Everything that it ran on is released. What it has cost stays in your usage.</p>
      <Button component={Link} to="/endpoints">
        Back to your endpoints
      </Button>
    </Page>
  );
}

function NoSuchEndpoint() {
  return (
    <Page title="There is no such endpoint" narrow>
      <p className="dim">It was deleted, or it belongs to somebody else.</p>
      <Button component={Link} to="/endpoints">
        Go to your endpoints
      </Button>
    </Page>
  );
}
