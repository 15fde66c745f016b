/**
 * Keeps other web pages from acting with a user's cookie (CSRF). Browsers say where a request comes from in
 * Origin and Sec-Fetch-Site; either one naming another place refuses it. Requests that carry neither (curl,
 * scripts) pass: no page can make a browser leave out both.
 */
import type { IncomingMessage } from 'node:http';
import { UserError } from '../domain/errors.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const OVERRIDE_HEADERS = ['x-http-method-override', 'x-http-method', 'x-method-override'];

/** Origins whose pages are ours: the public URL, and the other allowed hosts by the same scheme (plain http on loopback). */
export function trustedOrigins(publicUrl: string, allowedHosts: readonly string[]): string[] {
  const { origin, protocol } = new URL(publicUrl);
  const isLoopback = (host: string) => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host);
  return [...new Set([origin, ...allowedHosts.map((host) => `${isLoopback(host) ? 'http:' : protocol}//${host}`)])];
}

/** Whether this may change something. A method override counts, although nothing here obeys one. */
export function isMutating(req: IncomingMessage): boolean {
  if (!SAFE_METHODS.has(req.method ?? '')) return true;
  if (OVERRIDE_HEADERS.some((name) => req.headers[name] !== undefined)) return true;
  return /[?&]_method=/.test(req.url ?? '');
}

/** Whether a page that is not ours made this request. */
export function isForeign(req: IncomingMessage, trusted: ReadonlySet<string>): boolean {
  const { origin } = req.headers;
  const site = req.headers['sec-fetch-site'];
  if (origin !== undefined && !trusted.has(origin)) return true;
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

/** @throws UserError `origin_not_allowed` for a mutating request that a foreign page made */
export function guardOrigin(req: IncomingMessage, trusted: ReadonlySet<string>): void {
  if (isMutating(req) && isForeign(req, trusted)) {
    throw new UserError(
      'origin_not_allowed',
      'This request comes from another web page, so it was refused. Use the dashboard, or an API key.',
    );
  }
}
