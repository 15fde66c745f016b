/**
 * The quote at a glance, beside the form: where it would run, what it costs, how the memory is used. Each
 * state takes the same room, so that nothing moves while somebody types.
 */
import { Button, Skeleton } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import noticeStyles from '../parts/notice.module.css';
import { Panel } from '../parts/page.tsx';
import { stateTone } from '../parts/status-badge.tsx';
import { canBeDeployedUnsized, refusalAdvice } from './quote-refusal.ts';
import { MemoryBar } from './memory-bar.tsx';
import styles from './quote-panel.module.css';
import { nodes, price, sentence, sureness } from './quote-words.ts';
import type { Draft } from './draft.ts';
import type { Quote, QuoteState } from './use-quote.ts';

export function QuotePanel({ draft, state }: { draft: Draft; state: QuoteState }) {
  const { quote, error, isLoading, isStale } = state;
  return (
    <Panel title="Quote">
      <div className={styles.quote} aria-busy={isLoading || isStale} data-stale={isStale} data-testid="quote">
        {quote ? (
          <Quoted quote={quote} draft={draft} />
        ) : error ? (
          <NoQuote state={state} />
        ) : isLoading ? (
          <Waiting />
        ) : (
          <p className="dim">Name a model to see what it would run on, how it fits, and what it costs.</p>
        )}
      </div>
    </Panel>
  );
}

function Quoted({ quote, draft }: { quote: Quote; draft: Draft }) {
  const isOwn = quote.provider === 'local';
  const min = draft.sleeps ? 0 : draft.minNodes;
  return (
    <>
      <div className={styles.lead}>
        <strong>{quote.tierTitle}</strong>
        <p className={styles.price}>
          <span className="num">{price(quote.price.usdPerHour)}</span>{' '}
          {quote.price.usdPerHour !== null && (
            <small>{isOwn ? 'your own machine, nothing is billed' : 'per hour and node'}</small>
          )}
        </p>
      </div>
      <dl className={styles.facts}>
        <dt>Month, {min === 0 ? 'asleep throughout' : `${nodes(min)} throughout`}</dt>
        <dd className="num">{price(quote.price.usdPerMonthMin)}</dd>
        <dt>Month, {nodes(draft.maxNodes)} throughout</dt>
        <dd className="num">{price(quote.price.usdPerMonthMax)}</dd>
        <dt>Context</dt>
        <dd className="num">{quote.contextLength.toLocaleString('en-US')} tokens</dd>
      </dl>
      <MemoryBar memory={quote.memory} />
      <p className={styles.sureness}>
        {sureness(quote)}
        {quote.price.date && ` Price as of ${quote.price.date}.`}
      </p>
      {!quote.deployable && (
        <Warning
          title="A quote only"
          text={`It cannot be deployed from here: ${quote.notDeployableReason ?? 'that hardware is not connected'}`}
        />
      )}
      {quote.warnings.map((text) => (
        <Warning key={text} text={text} />
      ))}
    </>
  );
}

function NoQuote({ state: { error, askAgain } }: { state: QuoteState }) {
  if (!error) return null;
  const isWaiting = canBeDeployedUnsized(error);
  return (
    <>
      <strong>No quote {isWaiting ? 'yet' : 'for this'}</strong>
      <p className="dim">{refusalAdvice(error)}</p>
      {isWaiting && (
        <Button className={styles.again ?? ''} variant="default" size="xs" onClick={askAgain}>
          Ask again
        </Button>
      )}
    </>
  );
}

function Waiting() {
  return (
    <>
      <span className="visually-hidden">Working out the quote.</span>
      <Skeleton height={18} width="60%" />
      <Skeleton height={30} width="75%" />
      <Skeleton height={66} />
      <Skeleton height={92} />
    </>
  );
}

function Warning({ title, text }: { title?: string; text: string }) {
  return (
    <div className={`${noticeStyles.notice} ${stateTone}`} data-look="degraded">
      <IconAlertTriangle size={16} aria-hidden="true" />
      <div className={noticeStyles.body}>
        {title && <strong>{title}</strong>}
        <p>{sentence(text)}</p>
      </div>
    </div>
  );
}
