import { Button } from '@mantine/core';
import type { EndpointDocument, EventDocument } from '../client/types.ts';
import { duration } from '../parts/format.ts';
import { stateTone } from '../parts/status-badge.tsx';
import { useNow } from '../parts/use-now.ts';
import { ModelText } from './model-text.tsx';
import styles from './playground-tab.module.css';
import type { Turn } from './use-chat.ts';
import { READY, stageWords, wakeSteps, withEta } from './wake-words.ts';

const TICK_MS = 250;

interface Props {
  turn: Turn;
  endpoint: EndpointDocument;
  events: readonly EventDocument[];
  isLast: boolean;
  again: () => void;
}

export function TurnView({ turn, endpoint, events, isLast, again }: Props) {
  return (
    <>
      <div className={styles.question}>{turn.question}</div>
      <div className={styles.answer}>
        <Wake turn={turn} endpoint={endpoint} events={events} />
        {turn.answer && <ModelText text={turn.answer} isStreaming={turn.state === 'streaming'} />}
        {turn.failure && (
          <p role="alert" data-testid="failure">
            {turn.failure}
          </p>
        )}
        <Facts turn={turn} />
        {isLast && (turn.state === 'failed' || turn.state === 'stopped') && (
          <Button variant="default" size="xs" mt={6} onClick={again}>
            Send it again
          </Button>
        )}
      </div>
    </>
  );
}

/** Each step of the wake with the time at which it began; the last one says how long it may still take. */
function Wake({ turn, endpoint, events }: Pick<Props, 'turn' | 'endpoint' | 'events'>) {
  const isWaiting = turn.state === 'waiting';
  const nowMs = useNow(isWaiting ? TICK_MS : null);
  const untilMs = turn.firstTokenAtMs ?? turn.endedAtMs ?? Number.POSITIVE_INFINITY;
  const mine = events.filter((event) => event.seq > turn.askedSeq && Date.parse(event.at) <= untilMs + 1_000);
  const steps = wakeSteps(turn.askedStatus, turn.askedAtMs, mine);
  if (steps.length === 0) return null;
  // The step that had begun before it was asked; or the stream's own word, should the timeline be cut.
  const heard = stageWords(endpoint.stage ?? turn.waiting?.stage ?? null);
  const lastText = steps.at(-1)?.text;
  if (isWaiting && heard && steps.every(({ text }) => text !== heard))
    steps.push({ seq: -1, text: heard, atMs: nowMs });
  if (turn.firstTokenAtMs !== null && lastText !== READY)
    steps.push({ seq: -2, text: READY, atMs: turn.firstTokenAtMs });
  const eta = isWaiting ? (endpoint.etaSeconds ?? turn.waiting?.etaSeconds ?? null) : null;
  return (
    <ol className={`${styles.wake} ${stateTone}`} data-look="waking" data-testid="wake" aria-live="polite">
      {steps.map(({ seq, text, atMs }, index) => {
        const isCurrent = isWaiting && index === steps.length - 1;
        const elapsed = ((isCurrent ? nowMs : atMs) - turn.askedAtMs) / 1000;
        return (
          <li key={seq} data-current={isCurrent}>
            <span>{isCurrent ? withEta(text, eta) : text}</span>
            <span className="num" aria-hidden="true">
              {duration(Math.max(0, elapsed))}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function Facts({ turn }: { turn: Turn }) {
  const nowMs = useNow(turn.state === 'streaming' || turn.state === 'waiting' ? TICK_MS : null);
  const { firstTokenAtMs, askedAtMs, endedAtMs, tokens, state } = turn;
  const streamed = firstTokenAtMs === null ? 0 : ((endedAtMs ?? nowMs) - firstTokenAtMs) / 1000;
  return (
    <div className={`${styles.facts} num`} data-testid="facts">
      {state === 'waiting' && !FIRST_WAITS.has(turn.askedStatus) && (
        <span>waiting, {duration((nowMs - askedAtMs) / 1000)}</span>
      )}
      {firstTokenAtMs !== null && <span>first token after {duration((firstTokenAtMs - askedAtMs) / 1000)}</span>}
      {tokens > 1 && streamed > 0 && <span>{((tokens - 1) / streamed).toFixed(1)} tokens/s</span>}
      {tokens > 0 && <span>{tokens} tokens</span>}
      {state === 'stopped' && <span>stopped</span>}
      {turn.finishReason === 'length' && <span>ended at the token limit</span>}
    </div>
  );
}

const FIRST_WAITS = new Set(['hibernated', 'waking', 'building']);
