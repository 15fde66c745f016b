import type { EndpointDocument } from '../client/types.ts';
import type { Timeline as TimelineData } from '../client/use-timeline.ts';
import { usd } from '../parts/format.ts';
import { Panel } from '../parts/page.tsx';
import { TimeAgo } from '../parts/time.tsx';
import styles from './endpoint-page.module.css';
import { Nodes } from './nodes.tsx';
import { Snippets } from './snippets.tsx';
import { Timeline } from './timeline.tsx';

export function OverviewTab({ endpoint, timeline }: { endpoint: EndpointDocument; timeline: TimelineData }) {
  const { nodes, price } = endpoint;
  const running = nodes.ready + nodes.draining;
  return (
    <div className={styles.stack}>
      <Panel flush>
        <dl className={`${styles.stats} num`}>
          <div>
            <dt>Nodes ready</dt>
            <dd>
              {nodes.ready} <span className="faint">of {nodes.desired}</span>
            </dd>
          </div>
          <div>
            <dt>Per hour now</dt>
            <dd>{usd(price.usdPerHour === null ? null : price.usdPerHour * running)}</dd>
          </div>
          <div>
            <dt>Cost so far</dt>
            <dd>{usd(price.costSoFar)}</dd>
          </div>
          <div>
            <dt>Last request</dt>
            <dd>
              <TimeAgo at={endpoint.lastRequestAt} none="none yet" />
            </dd>
          </div>
        </dl>
      </Panel>
      <div className={styles.columns}>
        <Timeline timeline={timeline} />
        <div className={styles.stack}>
          <Snippets endpoint={endpoint} />
          <Nodes endpoint={endpoint} />
        </div>
      </div>
    </div>
  );
}
