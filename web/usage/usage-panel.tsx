/** Node time and cost over some days, of one endpoint or all. Only what the ledger holds; nothing is estimated. */
import { SegmentedControl, Skeleton } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { usageQuery } from '../client/queries.ts';
import type { UsageDocument } from '../client/types.ts';
import { ErrorNotice } from '../parts/error-notice.tsx';
import { duration, usd } from '../parts/format.ts';
import { emptyClass, Panel } from '../parts/page.tsx';
import stats from '../endpoint/endpoint-page.module.css';
import type { UsageBar } from './usage-chart.tsx';

const UsageChart = lazy(() => import('./usage-chart.tsx'));
const DAY_MS = 86_400_000;
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });

export function UsagePanel({ endpointId }: { endpointId: string | null }) {
  const [days, setDays] = useState('7');
  const usage = useQuery({ ...usageQuery(endpointId, Number(days), 'day'), placeholderData: keepPreviousData });
  const bars = usage.data ? barsOf(usage.data, Number(days)) : [];
  return (
    <Panel
      title="Node time by day (UTC)"
      flush
      actions={
        <SegmentedControl
          size="xs"
          data={['7', '30', '90'].map((value) => ({ value, label: `${value} days` }))}
          value={days}
          onChange={setDays}
          aria-label="Days shown"
        />
      }
    >
      {usage.error && !usage.data ? <ErrorNotice error={usage.error} onRetry={() => void usage.refetch()} /> : null}
      {usage.isPending && <Skeleton height={280} radius={0} />}
      {usage.data && (
        <>
          <dl className={`${stats.stats} num`}>
            <div>
              <dt>Node time</dt>
              <dd>{duration(usage.data.total.nodeSeconds)}</dd>
            </div>
            <div>
              <dt>Cost</dt>
              <dd>{usd(usage.data.total.costUsd)}</dd>
            </div>
          </dl>
          {bars.length === 0 ? (
            <div className={emptyClass}>No node ran in these days.</div>
          ) : (
            <Suspense fallback={<Skeleton height={200} radius={0} />}>
              <UsageChart bars={bars} />
            </Suspense>
          )}
        </>
      )}
    </Panel>
  );
}

/** One bar a day, also for days on which nothing ran. */
function barsOf(usage: UsageDocument, days: number): UsageBar[] {
  const byDay = new Map<string, number>();
  for (const item of usage.items) {
    if (item.start) byDay.set(item.start, (byDay.get(item.start) ?? 0) + item.nodeSeconds);
  }
  if (byDay.size === 0) return [];
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  return Array.from({ length: days }, (_, index) => {
    const start = new Date(today - (days - 1 - index) * DAY_MS);
    return { label: DAY.format(start), seconds: byDay.get(start.toISOString()) ?? 0 };
  });
}
