import styles from './code.module.css';
import { CopyIcon } from './copy.tsx';

/** Text to copy. Focusable, so that it can be scrolled without a mouse. */
export function Code({ text, label, copied = text }: { text: string; label: string; copied?: string }) {
  return (
    <div className={styles.wrap}>
      <pre className={styles.code} tabIndex={0} aria-label={label}>
        <code>{text}</code>
      </pre>
      <div className={styles.copy}>
        <CopyIcon text={copied} label={`Copy ${label}`} />
      </div>
    </div>
  );
}
