import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useMediaQuery } from '@mantine/hooks';
import { memo, useLayoutEffect, useRef, useState } from 'react';
import { Link } from 'react-router';
import type { EndpointDocument } from '../client/types.ts';
import { usd } from '../parts/format.ts';
import { StatusBadge } from '../parts/status-badge.tsx';
import { TimeAgo } from '../parts/time.tsx';
import styles from './endpoints-page.module.css';

const ROW_PX = { wide: 60, narrow: 73.6 };

/** Only the rows in sight are in the page, so that thousands cost no more than twenty. */
export function EndpointTable({ endpoints }: { endpoints: readonly EndpointDocument[] }) {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const isNarrow = useMediaQuery('(max-width: 60rem)', false, { getInitialValueInEffect: false });
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), []);
  const virtual = useWindowVirtualizer({
    count: endpoints.length,
    estimateSize: () => (isNarrow ? ROW_PX.narrow : ROW_PX.wide),
    overscan: 12,
    scrollMargin: top,
    getItemKey: (index) => endpoints[index]?.id ?? index,
  });
  const rows = virtual.getVirtualItems();
  return (
    <div role="table" aria-label="Endpoints" aria-rowcount={endpoints.length + 1}>
      <div role="rowgroup">
        <div className={styles.head} role="row">
          <div role="columnheader">Name and model</div>
          <div role="columnheader">Status</div>
          <div role="columnheader" className={styles.right}>
            Nodes
          </div>
          <div role="columnheader" className={styles.right}>
            Per hour now
          </div>
          <div role="columnheader" className={styles.right}>
            Cost so far
          </div>
          <div role="columnheader" className={styles.right}>
            Last request
          </div>
        </div>
      </div>
      <div ref={list} role="rowgroup" className={styles.list} style={{ height: virtual.getTotalSize() }}>
        {rows.map(({ index, key, start }) => {
          const endpoint = endpoints[index];
          return endpoint ? (
            <div
              key={key}
              className={styles.slot}
              role="presentation"
              style={{ transform: `translateY(${start - top}px)` }}
            >
              <Row endpoint={endpoint} isLast={index === endpoints.length - 1} />
            </div>
          ) : null;
        })}
      </div>
    </div>
  );
}

const Row = memo(function Row({ endpoint, isLast }: { endpoint: EndpointDocument; isLast: boolean }) {
  const { nodes, price } = endpoint;
  const running = nodes.ready + nodes.draining;
  const perHour = price.usdPerHour === null ? null : price.usdPerHour * running;
  return (
    <Link to={`/endpoints/${endpoint.id}`} className={styles.row} data-last={isLast} role="row">
      <div role="cell" className={styles.nameCell}>
        <div className={styles.name}>{endpoint.name}</div>
        <div className={styles.model}>{endpoint.model}</div>
      </div>
      <div role="cell">
        <StatusBadge endpoint={endpoint} />
      </div>
      <div role="cell" className={`${styles.cell} ${styles.right} num`}>
        {nodes.ready}
        <span className="faint">/{nodes.desired}</span>
      </div>
      <div role="cell" className={`${styles.cell} ${styles.right} num`}>
        {usd(perHour)}
      </div>
      <div role="cell" className={`${styles.cell} ${styles.right} num`}>
        {usd(price.costSoFar)}
      </div>
      <div role="cell" className={`${styles.cell} ${styles.right}`}>
        <TimeAgo at={endpoint.lastRequestAt} none="none yet" />
      </div>
    </Link>
  );
});
