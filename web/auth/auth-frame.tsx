import { type FormEvent, type ReactNode, useEffect } from 'react';
import { ConnectionBanner } from '../layout/connection-banner.tsx';
import { Mark } from '../layout/mark.tsx';
import styles from './auth-frame.module.css';

export function AuthFrame(props: {
  title: string;
  lead: string;
  onSubmit: () => void;
  children: ReactNode;
  other: ReactNode;
}) {
  useEffect(() => {
    document.title = `${props.title} · Hypervize`;
  }, [props.title]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.onSubmit();
  };
  return (
    <>
      <ConnectionBanner />
      <main className={styles.frame} id="main">
        <div className={styles.card}>
          <div className={styles.brand}>
            <Mark size={26} />
            Hypervize
          </div>
          <h1>{props.title}</h1>
          <p className={styles.lead}>{props.lead}</p>
          <form className={styles.form} onSubmit={submit} noValidate>
            {props.children}
          </form>
          <p className={styles.other}>{props.other}</p>
        </div>
      </main>
    </>
  );
}
