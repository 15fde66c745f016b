/** What is known of the model that was typed, on a line that is always there. */
import { IconAlertTriangle, IconCheck, IconCircleX, IconLock } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { isModelId } from '../../domain/model-id.ts';
import { stateTone } from '../parts/status-badge.tsx';
import styles from './model-state.module.css';
import { canBeDeployedUnsized, isAboutTheModel } from './quote-refusal.ts';
import type { Quote, QuoteState } from './use-quote.ts';

interface Props {
  model: string;
  hasToken: boolean;
  state: QuoteState;
}

export function ModelState(props: Props) {
  return (
    <div className={styles.state} role="status">
      {said(props)}
    </div>
  );
}

function said({ model, hasToken, state: { quote, error, isLoading } }: Props): ReactNode {
  if (model === '') return null;
  if (!isModelId(model)) return <span className="dim">A model id looks like org/name.</span>;
  if (isLoading) return <span className="dim">Looking it up…</span>;
  if (quote) return <Found quote={quote} hasToken={hasToken} />;
  if (!error || error.code === 'invalid_request') return null;
  const isRefused = isAboutTheModel(error) && !canBeDeployedUnsized(error);
  const Icon = error.code === 'model_gated' ? IconLock : isRefused ? IconCircleX : IconAlertTriangle;
  return (
    <Line look={isRefused ? 'failed' : 'degraded'} icon={<Icon size={15} aria-hidden="true" />}>
      {error.message} <code className="faint">{error.code}</code>
    </Line>
  );
}

function Found({ quote, hasToken }: { quote: Quote; hasToken: boolean }) {
  if (quote.gated && !hasToken) {
    return (
      <Line look="degraded" icon={<IconLock size={15} aria-hidden="true" />}>
        Found, and gated: its files are for accounts with access. Add a token of one.
      </Line>
    );
  }
  const where =
    quote.source === 'builtin'
      ? 'Comes with this installation, needs no download.'
      : quote.source === 'name-hint'
        ? 'Sized by its name: its files could not be read.'
        : `Found on the Hub${quote.gated ? ', gated' : ''}.`;
  return (
    <Line look="up" icon={<IconCheck size={15} aria-hidden="true" />}>
      {where}
      {quote.revision && (
        <>
          {' '}
          <span className="faint">
            Commit <code>{quote.revision.slice(0, 8)}</code>
          </span>
        </>
      )}
    </Line>
  );
}

function Line({ look, icon, children }: { look: 'up' | 'degraded' | 'failed'; icon: ReactNode; children: ReactNode }) {
  return (
    <p className={`${styles.line} ${stateTone}`} data-look={look}>
      {icon}
      <span>{children}</span>
    </p>
  );
}
