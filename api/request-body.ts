/** Reads a JSON body: JSON only, at most 1 MB, within 30 s. A request without a body gives undefined. */
import { types } from 'node:util';
import type { Request, Response } from 'express';
import express from 'express';
import { UserError } from '../domain/errors.ts';

const BODY_LIMIT = '1mb';
const BODY_SECONDS_MAX = 30;

const parseJson = express.json({ limit: BODY_LIMIT, strict: false, inflate: false, type: () => true });
const readRaw = express.raw({ limit: BODY_LIMIT, inflate: false, type: () => true });

export async function readJsonBody(req: Request, res: Response): Promise<unknown> {
  if (!hasBody(req)) return undefined;
  requireJson(req);
  await run(parseJson, req, res);
  return req.body as unknown;
}

/** The same for those that parse it themselves. */
export async function readJsonBytes(req: Request, res: Response): Promise<Buffer<ArrayBuffer> | undefined> {
  if (!hasBody(req)) return undefined;
  requireJson(req);
  await run(readRaw, req, res);
  return Buffer.isBuffer(req.body) ? Buffer.from(req.body) : undefined;
}

function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

/** A form or plain text can be sent by any web page without asking; JSON cannot. */
function requireJson(req: Request): void {
  const mediaType = (req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') {
    throw new UserError(
      'unsupported_media_type',
      'Send the body as JSON with the header "Content-Type: application/json".',
    );
  }
}

function run(parser: typeof parseJson, req: Request, res: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      // Whoever is this slow gets no more of our time.
      res.setHeader('connection', 'close');
      reject(new UserError('invalid_json', `The body did not arrive within ${BODY_SECONDS_MAX} s.`));
    }, BODY_SECONDS_MAX * 1000);
    parser(req, res, (error?: unknown) => {
      clearTimeout(timer);
      if (error === undefined) resolve();
      else reject(types.isNativeError(error) ? error : new Error('the body could not be read', { cause: error }));
    });
  });
}
