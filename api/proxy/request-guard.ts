/** Checks of the request's frame that Node's HTTP parser leaves to us. They come before anything else. */
import type { IncomingMessage } from 'node:http';
import { type Failure, failure } from './failure.ts';
import type { Operation } from './target.ts';

/** Refuses a Host that is not ours, that is missing, or that is there twice; and unknown transfer codings. */
export function checkFrame(req: IncomingMessage, allowedHosts: ReadonlySet<string>): Failure | null {
  const host = onlyHost(req.rawHeaders);
  if (host === null || !allowedHosts.has(host.toLowerCase())) {
    return failure(
      'misdirected_request',
      'This server does not answer for that Host. Use the URL that the endpoint was created with.',
    );
  }
  const coding = req.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    return failure('invalid_request', 'The only Transfer-Encoding that is understood is "chunked".', { status: 400 });
  }
  return null;
}

/** Node keeps the first of several Host headers and hides the rest, so the raw ones are counted. */
function onlyHost(rawHeaders: readonly string[]): string | null {
  let host: string | null = null;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (host !== null) return null;
    host = rawHeaders[index + 1] ?? null;
  }
  return host;
}

export function checkContentType(req: IncomingMessage, operation: Operation): Failure | null {
  const coding = req.headers['content-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    return failure('unsupported_media_type', 'Send the body without a Content-Encoding.');
  }
  const type = (req.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  const wanted = operation.body === 'json' ? 'application/json' : 'multipart/form-data';
  if (type === wanted) return null;
  return failure('unsupported_media_type', `This path takes a body of Content-Type "${wanted}".`);
}

/**
 * True when a browser says that a page of our own sent this. Cookies are believed only then; a request
 * that says nothing of where it comes from is not believed.
 */
export function isSameOrigin(req: IncomingMessage, origins: ReadonlySet<string>): boolean {
  const site = req.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  const origin = req.headers.origin;
  return origin === undefined ? site === 'same-origin' : origins.has(origin.toLowerCase());
}
