import { badge } from '../../domain/badge.ts';
import type { EndpointDocument } from '../client/types.ts';
import { type Look, StateGlyph } from './state-glyph.tsx';
import styles from './status-badge.module.css';

type Shown = Pick<EndpointDocument, 'status' | 'degraded'>;

export function lookOf({ status, degraded }: Shown): Look {
  return status === 'up' && degraded ? 'degraded' : status;
}

/** The badge of an endpoint: exact text, shape and colour. */
export function StatusBadge({ endpoint, size = 'small' }: { endpoint: Shown; size?: 'small' | 'large' }) {
  const look = lookOf(endpoint);
  return (
    <span className={styles.badge} data-look={look} data-size={size} data-testid="badge">
      <StateGlyph look={look} size={size === 'large' ? 13 : 11} />
      {badge(endpoint.status, endpoint.degraded)}
    </span>
  );
}

/** For whatever else takes the colour of a state: sets `--state`. */
export const stateTone = styles.tone;
