/** How long a request may wait for a node: what the client asks for, within limits, or a default. */
import type { IncomingHttpHeaders } from 'node:http';
import { clamp } from './failure.ts';
import type { ProxyTimings } from './options.ts';

export interface HoldTime {
  holdMs: number;
  /** Value of `Preference-Applied`, when the client said how long. */
  applied: string | null;
}

/** A load balancer in front must hear our answer before it gives up itself. */
const EDGE_MARGIN_SECONDS = 5;
const SECONDS = /^\s*(\d{1,6}(?:\.\d{1,3})?)\s*s?\s*$/;
const PREFER_WAIT = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?/i;

export function holdTime(
  headers: IncomingHttpHeaders,
  stream: boolean,
  edgeTimeoutSeconds: number,
  timings: Pick<ProxyTimings, 'holdMs' | 'holdStreamMs' | 'holdMsMax' | 'holdStreamMsMax'>,
): HoldTime {
  const max = stream ? timings.holdStreamMsMax : timings.holdMsMax;
  const asked = askedSeconds(headers);
  if (asked !== null) {
    const holdMs = clamp(asked * 1000, 0, max);
    return { holdMs, applied: `wait=${Math.round(holdMs / 1000)}` };
  }
  if (stream) return { holdMs: timings.holdStreamMs, applied: null };
  if (edgeTimeoutSeconds === 0) return { holdMs: timings.holdMs, applied: null };
  return { holdMs: clamp((edgeTimeoutSeconds - EDGE_MARGIN_SECONDS) * 1000, 0, max), applied: null };
}

function askedSeconds(headers: IncomingHttpHeaders): number | null {
  const own = headers['x-scale-up-timeout'];
  const match =
    (typeof own === 'string' ? SECONDS.exec(own) : null) ?? PREFER_WAIT.exec(String(headers['prefer'] ?? ''));
  return match ? Number(match[1]) : null;
}
