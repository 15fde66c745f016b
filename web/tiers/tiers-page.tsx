/** The hardware ladder with prices. */
import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { tiersQuery } from '../client/queries.ts';
import { ErrorNotice } from '../parts/error-notice.tsx';
import { usd } from '../parts/format.ts';
import { Page, Panel, scrollClass, tableClass } from '../parts/page.tsx';

const PROVIDERS = { local: 'This machine', aws: 'AWS', gcp: 'Google Cloud' };

export default function TiersPage() {
  const tiers = useQuery(tiersQuery);
  return (
    <Page
      title="Tiers and prices"
      sub="What a node can run on here. Deploying chooses the cheapest tier that holds the model."
    >
      {tiers.error && !tiers.data ? <ErrorNotice error={tiers.error} onRetry={() => void tiers.refetch()} /> : null}
      {tiers.isPending && <Skeleton height={140} radius="md" />}
      {tiers.data && (
        <Panel flush>
          <div className={scrollClass} tabIndex={0} role="region" aria-label="Tiers">
            <table className={tableClass}>
              <thead>
                <tr>
                  <th>Tier</th>
                  <th>Where</th>
                  <th>Accelerator</th>
                  <th data-right="true">Usable memory</th>
                  <th data-right="true">Per node and hour</th>
                  <th>Price from</th>
                </tr>
              </thead>
              <tbody>
                {tiers.data.items.map((tier) => (
                  <tr key={tier.id}>
                    <td>
                      {tier.title}
                      <br />
                      <code className="faint">{tier.id}</code>
                    </td>
                    <td>{PROVIDERS[tier.provider]}</td>
                    <td>{tier.gpuName ? `${tier.gpuCount} × ${tier.gpuName}` : 'none, CPU'}</td>
                    <td data-right="true" className="num">
                      {tier.usableMemoryGiBPerGpu === null
                        ? "the machine's own"
                        : `${(tier.usableMemoryGiBPerGpu * Math.max(1, tier.gpuCount)).toFixed(0)} GiB`}
                    </td>
                    <td data-right="true" className="num">
                      {usd(tier.usdPerHour)}
                    </td>
                    <td className="dim">{tier.priceSource}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Panel>
      )}
    </Page>
  );
}
