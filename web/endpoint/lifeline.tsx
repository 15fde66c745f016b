/** How the endpoint is, in a sentence with the next step, and how far a bring-up has come. */
import type { EndpointDocument, EventDocument } from '../client/types.ts';
import { Panel } from '../parts/page.tsx';
import { duration, roughly } from '../parts/format.ts';
import { lookOf, stateTone } from '../parts/status-badge.tsx';
import { TimeAgo } from '../parts/time.tsx';
import { useNow } from '../parts/use-now.ts';
import { type BringUp, type Step, UNKNOWN_STEPS, latestBringUp } from './bring-up.ts';
import styles from './lifeline.module.css';
import { nextStep } from './next-step.ts';

const TICK_MS = 250;
const MOVING = new Set(['building', 'waking', 'updating']);

export function Lifeline({ endpoint, events }: { endpoint: EndpointDocument; events: readonly EventDocument[] }) {
  const isMoving = MOVING.has(endpoint.status);
  const nowMs = useNow(isMoving ? TICK_MS : null);
  const bringUp = latestBringUp(events, nowMs);
  return (
    <Panel flush>
      <div className={`${styles.lifeline} ${stateTone}`} data-look={lookOf(endpoint)}>
        <div className={styles.sentence} aria-live="polite">
          <p data-testid="status-message">{sentence(endpoint, events)}</p>
          <span className={styles.since}>
            since <TimeAgo at={endpoint.since} />
          </span>
        </div>
        <p className={styles.next}>{nextStep(endpoint)}</p>
        <Track steps={bringUp?.steps ?? UNKNOWN_STEPS} />
        <p className={`${styles.eta} num`}>
          {bringUp && (isMoving ? progress(bringUp, endpoint.etaSeconds, nowMs) : summary(bringUp))}
        </p>
      </div>
    </Panel>
  );
}

/** While it moves, the step at hand says more than the status as a whole. */
function sentence(endpoint: EndpointDocument, events: readonly EventDocument[]): string {
  if (!MOVING.has(endpoint.status) || endpoint.stage === null) return endpoint.statusMessage;
  const step = events.findLast((event) => event.type === 'stage' || event.type === 'attempt');
  return step?.message ?? endpoint.statusMessage;
}

function Track({ steps }: { steps: readonly Step[] }) {
  return (
    <ol className={styles.track} aria-label="Steps of the start">
      {steps.map(({ label, state, seconds }) => (
        <li
          key={label}
          className={styles.step}
          data-state={state}
          aria-current={state === 'current' ? 'step' : undefined}
        >
          <div className={styles.bar} />
          <div className={styles.label}>
            <span className={styles.label}>{label}</span>
            <span className={`${styles.seconds} num`}>
              {state === 'skipped' ? 'not needed' : seconds === null ? '' : duration(seconds)}
            </span>
          </div>
        </li>
      ))}
    </ol>
  );
}

function progress(bringUp: BringUp, etaSeconds: number | null, nowMs: number): string {
  const elapsed = `${duration(Math.max(0, nowMs - bringUp.startedAtMs) / 1000)} so far`;
  if (etaSeconds === null) return elapsed;
  return etaSeconds > 0 ? `${elapsed}, about ${roughly(etaSeconds)} left` : `${elapsed}, longer than last time`;
}

function summary(bringUp: BringUp): string {
  if (bringUp.endedAtMs === null) return '';
  const took = duration((bringUp.endedAtMs - bringUp.startedAtMs) / 1000);
  return bringUp.outcome === 'up' ? `The last start took ${took}.` : `The last start ended after ${took}.`;
}
