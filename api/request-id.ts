/** Gives each request an id of ours; a client's own is not taken over, so that ids in the logs are unique. */
import { randomBytes } from 'node:crypto';
import type { RequestHandler, Response } from 'express';

export const assignRequestId: RequestHandler = (_req, res, next) => {
  const id = `req_${randomBytes(12).toString('hex')}`;
  res.locals['requestId'] = id;
  res.setHeader('x-request-id', id);
  next();
};

export function requestIdOf(res: Response): string {
  return String(res.locals['requestId'] ?? '');
}
