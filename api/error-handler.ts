/**
 * The one place that turns an error into an answer: always the same shape, never a stack. What is not a
 * UserError is either an outage of something we depend on, a request that Express could not read, or a bug.
 */
import { types } from 'node:util';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { isConnectionError } from '../db/client.ts';
import { UserError } from '../domain/errors.ts';
import type { Logger } from '../log.ts';
import type { ErrorBody } from './contract.ts';
import { requestIdOf } from './request-id.ts';

const OUTAGE_RETRY_SECONDS = '2';

export function createErrorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    const shown = toUserError(error);
    if (shown.status >= 500) {
      logger.error({ err: error, requestId: requestIdOf(res), method: req.method, path: req.path }, 'request failed');
    }
    // Half an answer is out: only cutting it tells the client that it is not whole.
    if (res.headersSent) res.destroy();
    else sendError(res, shown);
  };
}

/** Answers whatever no route has taken. */
export const notFoundHandler: RequestHandler = (req) => {
  throw new UserError('not_found', `There is no ${req.method} ${req.path.slice(0, 200)}. See /docs for what there is.`);
};

export function sendError(res: Response, error: UserError): void {
  const body: ErrorBody = {
    success: false,
    error: { code: error.code, message: error.message, ...(error.details ? { details: error.details } : {}) },
    requestId: requestIdOf(res),
  };
  for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value);
  if (error.status === 401) res.setHeader('www-authenticate', 'Bearer realm="hypervize"');
  res.setHeader('cache-control', 'no-store');
  res.status(error.status).type('application/json').end(JSON.stringify(body));
}

export function toUserError(error: unknown): UserError {
  if (error instanceof UserError) return error;
  if (isOutage(error)) {
    return new UserError(
      'dependency_unavailable',
      'The database cannot be reached at the moment. Try again in a few seconds.',
      {
        headers: { 'retry-after': OUTAGE_RETRY_SECONDS },
        cause: error,
      },
    );
  }
  return (
    fromExpress(error) ??
    new UserError('internal_error', 'Something went wrong on our side. Give the request id when you report it.', {
      cause: error,
    })
  );
}

/** Whether Postgres being away is at the bottom of this, however deep it is wrapped. */
export function isOutage(error: unknown): boolean {
  for (let depth = 0, inner = error; depth < 5 && types.isNativeError(inner); depth++, inner = inner.cause) {
    if (isConnectionError(inner)) return true;
  }
  return false;
}

/** Errors of body-parser and of path decoding, which carry a `type` or a `status`. */
function fromExpress(error: unknown): UserError | null {
  if (!types.isNativeError(error)) return null;
  const { type, status } = error as { type?: unknown; status?: unknown };
  switch (type) {
    case 'entity.too.large':
      return new UserError('payload_too_large', 'The body is too large; at most 1 MB is accepted here.');
    case 'entity.parse.failed':
      return new UserError('invalid_json', 'The body is not valid JSON.');
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new UserError('unsupported_media_type', 'Send the body as plain UTF-8 JSON, not compressed.');
    case 'request.aborted':
    case 'request.size.invalid':
      return new UserError('invalid_json', 'The body ended before it was complete.');
  }
  // A path that cannot be percent-decoded names nothing.
  return status === 400 ? new UserError('not_found', 'There is nothing at this path.') : null;
}
