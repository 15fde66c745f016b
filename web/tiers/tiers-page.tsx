/** The hardware ladder with prices: what is connected here first, then what could be. */
import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { tiersQuery } from '../client/queries.ts';
import { ErrorNotice } from '../parts/error-notice.tsx';
import { Page, Panel } from '../parts/page.tsx';
import { TierTable } from './tier-table.tsx';
import styles from './tiers-page.module.css';

export default function TiersPage() {
  const tiers = useQuery(tiersQuery);
  const items = tiers.data?.items ?? [];
  const others = items.filter(({ available }) => !available);
  return (
    <Page
      title="Tiers and prices"
      sub="What a node can run on. Deploying chooses the cheapest connected tier that holds the model."
    >
      {tiers.error && !tiers.data ? <ErrorNotice error={tiers.error} onRetry={() => void tiers.refetch()} /> : null}
      {tiers.isPending && <Skeleton height={140} radius="md" />}
      {tiers.data && (
        <div className={styles.panels}>
          <Panel title="Connected here" flush>
            <TierTable label="Connected tiers" tiers={items.filter(({ available }) => available)} />
          </Panel>
          {others.length > 0 && (
            <Panel title="Not connected" actions={<span className={styles.note}>prices for comparing only</span>} flush>
              <TierTable label="Tiers that are not connected" tiers={others} />
            </Panel>
          )}
        </div>
      )}
    </Page>
  );
}
