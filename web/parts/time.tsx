/** Times are local; UTC comes on hover, and to whoever copies the `datetime`. */
import { ago } from './format.ts';
import { useNow } from './use-now.ts';

const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

export function Time({ at, as = 'local' }: { at: string; as?: 'local' | 'clock' }) {
  const date = new Date(at);
  return (
    <time dateTime={at} title={utc(at)} className="num">
      {(as === 'clock' ? CLOCK : LOCAL).format(date)}
    </time>
  );
}

export function TimeAgo({ at, none = 'never' }: { at: string | null; none?: string }) {
  const nowMs = useNow(at === null ? null : 5_000);
  if (at === null) return <span className="faint">{none}</span>;
  return (
    <time dateTime={at} title={`${LOCAL.format(new Date(at))}, ${utc(at)}`} className="num">
      {ago(Date.parse(at), nowMs)}
    </time>
  );
}

function utc(at: string): string {
  return `${at.replace('T', ' ').replace(/(\.\d+)?Z$/, '')} UTC`;
}
