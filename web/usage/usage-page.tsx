/** Usage over all endpoints, deleted ones too. */
import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { usageQuery } from '../client/queries.ts';
import { useAllEndpoints } from '../endpoints/use-all-endpoints.ts';
import { duration, usd } from '../parts/format.ts';
import { emptyClass, Page, Panel, scrollClass, tableClass } from '../parts/page.tsx';
import stack from '../endpoint/endpoint-page.module.css';
import { UsagePanel } from './usage-panel.tsx';

const DAYS = 30;

export default function UsagePage() {
  return (
    <Page
      title="Usage"
      sub="What ran and what it cost, from the ledger of nodes. An endpoint that sleeps costs nothing."
    >
      <div className={stack.stack}>
        <UsagePanel endpointId={null} />
        <ByEndpoint />
      </div>
    </Page>
  );
}

function ByEndpoint() {
  const usage = useQuery(usageQuery(null, DAYS, null));
  const { endpoints } = useAllEndpoints();
  const nameOf = (id: string) => endpoints.find((endpoint) => endpoint.id === id)?.name;
  return (
    <Panel title={`By endpoint, last ${DAYS} days`} flush>
      {usage.isPending && <Skeleton height={120} radius={0} />}
      {usage.data?.items.length === 0 && <div className={emptyClass}>Nothing ran.</div>}
      {usage.data && usage.data.items.length > 0 && (
        <div className={scrollClass} tabIndex={0} role="region" aria-label="Usage by endpoint">
          <table className={tableClass}>
            <thead>
              <tr>
                <th>Endpoint</th>
                <th data-right="true">Node time</th>
                <th data-right="true">Cost</th>
              </tr>
            </thead>
            <tbody>
              {usage.data.items.map((item) => {
                const name = nameOf(item.endpointId);
                return (
                  <tr key={item.endpointId}>
                    <td>
                      {name ? (
                        <Link to={`/endpoints/${item.endpointId}`}>{name}</Link>
                      ) : (
                        <span className="dim">deleted</span>
                      )}{' '}
                      <code className="faint">{item.endpointId}</code>
                    </td>
                    <td data-right="true" className="num">
                      {duration(item.nodeSeconds)}
                    </td>
                    <td data-right="true" className="num">
                      {usd(item.costUsd)}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
