/** One shape per state, so that nobody has to tell them apart by colour. */
import type { EndpointStatus } from '../../domain/endpoint.ts';
import styles from './status-badge.module.css';

export type Look = EndpointStatus | 'degraded';

export function StateGlyph({ look, size = 12 }: { look: Look; size?: number }) {
  const stroke = { fill: 'none', stroke: 'currentColor', strokeWidth: 2, strokeLinecap: 'round' as const };
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} aria-hidden="true" className={styles.glyph} data-look={look}>
      {look === 'up' && <circle cx="8" cy="8" r="6" fill="currentColor" />}
      {look === 'degraded' && (
        <>
          <circle cx="8" cy="8" r="6" {...stroke} />
          <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
        </>
      )}
      {look === 'hibernated' && (
        <path d="M10.2 2.1a6.2 6.2 0 1 0 3.9 8.6A5.4 5.4 0 0 1 10.2 2.1z" fill="currentColor" />
      )}
      {look === 'waking' && (
        <>
          <path d="M2 11.5a6 6 0 0 1 12 0z" fill="currentColor" />
          <path d="M8 1v1.5M2.4 3.6l1 1M13.6 3.6l-1 1M1.5 14.5h13" {...stroke} strokeWidth="1.6" />
        </>
      )}
      {look === 'building' && (
        <>
          <rect x="2" y="9" width="5" height="5" fill="currentColor" />
          <rect x="9" y="9" width="5" height="5" fill="currentColor" />
          <rect x="5.5" y="2" width="5" height="5" {...stroke} strokeWidth="1.6" />
        </>
      )}
      {look === 'updating' && <path d="M13.5 8A5.5 5.5 0 1 1 11 3.4M11 .8v3H8" {...stroke} />}
      {look === 'paused' && <path d="M5 3v10M11 3v10" {...stroke} strokeWidth="3" />}
      {look === 'failed' && <path d="M3.5 3.5l9 9M12.5 3.5l-9 9" {...stroke} strokeWidth="2.6" />}
      {(look === 'deleting' || look === 'deleted') && (
        <circle cx="8" cy="8" r="6" {...stroke} strokeDasharray="2.2 3" />
      )}
    </svg>
  );
}
