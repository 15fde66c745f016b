/** An error in its place: the server's sentence, and what helps whoever is asked about it. */
import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { asApiError } from '../client/api-error.ts';
import styles from './notice.module.css';
import { stateTone } from './status-badge.tsx';

export function ErrorNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  if (!error) return null;
  const failure = asApiError(error);
  return (
    <div className={`${styles.notice} ${stateTone}`} data-look="failed" role="alert">
      <IconAlertTriangle size={16} aria-hidden="true" />
      <div className={styles.body}>
        <p>{failure.message}</p>
        {failure.status >= 500 && failure.requestId && (
          <p className={styles.small}>
            <code>{failure.code}</code> · request <code>{failure.requestId}</code>
          </p>
        )}
      </div>
      {onRetry && (
        <Button variant="default" size="xs" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
