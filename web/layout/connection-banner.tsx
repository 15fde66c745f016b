import { useConnection } from '../client/connection.ts';
import styles from './shell.module.css';

const TEXTS = {
  unreachable: 'Cannot reach the server, retrying. What you have typed is kept.',
  degraded: 'The server is up, but something it needs is away. Retrying; what you have typed is kept.',
};

export function ConnectionBanner() {
  const connection = useConnection();
  if (connection === 'ok') return null;
  return (
    <div className={styles.banner} role="status">
      <span className={styles.pulse} aria-hidden="true" />
      {TEXTS[connection]}
    </div>
  );
}
