/** One line per request: what was asked, how it was answered, how long it took. Never a query string, header or body. */
import type { RequestHandler } from 'express';
import type { Logger } from '../log.ts';
import { requestIdOf } from './request-id.ts';

export function createAccessLog(logger: Logger): RequestHandler {
  return (req, res, next) => {
    const startedMs = performance.now();
    res.once('close', () => {
      logger.debug(
        {
          requestId: requestIdOf(res),
          method: req.method,
          path: req.originalUrl.split('?')[0]?.slice(0, 200),
          status: res.statusCode,
          ms: Math.round(performance.now() - startedMs),
          cut: !res.writableFinished || undefined,
        },
        'request',
      );
    });
    next();
  };
}
