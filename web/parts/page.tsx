/** The frame of each page: its title in the tab, its heading, and panels to put things in. */
import { type ReactNode, useEffect } from 'react';
import styles from './page.module.css';

export function Page(props: {
  title: string;
  heading?: ReactNode;
  sub?: ReactNode;
  actions?: ReactNode;
  narrow?: boolean;
  children: ReactNode;
}) {
  const { title } = props;
  useEffect(() => {
    document.title = `${title} · Hypervize`;
  }, [title]);
  return (
    <main id="main" className={styles.page} data-narrow={props.narrow ?? false} tabIndex={-1}>
      <div className={styles.head}>
        {props.heading ?? <h1>{title}</h1>}
        {props.actions}
      </div>
      {props.sub && <p className={styles.sub}>{props.sub}</p>}
      {props.children}
    </main>
  );
}

export function Panel(props: {
  title?: string;
  actions?: ReactNode;
  flush?: boolean;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section
      className={`${styles.panel} ${props.className ?? ''}`}
      {...(props.title ? { 'aria-label': props.title } : {})}
    >
      {(props.title || props.actions) && (
        <div className={styles.panelHead}>
          <h2>{props.title}</h2>
          {props.actions}
        </div>
      )}
      {props.flush ? props.children : <div className={styles.panelBody}>{props.children}</div>}
    </section>
  );
}

export const tableClass = styles.table;
export const scrollClass = styles.scroll;
export const emptyClass = styles.empty;
