/**
 * Reads a request body up to a limit, and the two things that we need to know of it: that it is what it
 * says, and whether the client wants a stream. The bytes themselves go on unchanged.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { type Failure, failure } from './failure.ts';
import type { Operation } from './target.ts';

export type BodyResult = { kind: 'body'; body: Buffer } | { kind: 'too-large' } | { kind: 'gone' };

/** Calls back exactly once. On `too-large` the rest is left unread, for the caller to drop. */
export function readBody(req: IncomingMessage, bytesMax: number, done: (result: BodyResult) => void): void {
  if (Number(req.headers['content-length'] ?? 0) > bytesMax) {
    done({ kind: 'too-large' });
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  const finish = (result: BodyResult) => {
    req.off('data', onData).off('end', onEnd).off('close', onClose);
    done(result);
  };
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax) finish({ kind: 'too-large' });
    else chunks.push(chunk);
  };
  const onEnd = () =>
    finish({ kind: 'body', body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes) });
  const onClose = () => finish({ kind: 'gone' });
  req.on('data', onData).on('end', onEnd).on('close', onClose);
  // A cut request emits an error too; `close` follows it.
  req.on('error', () => {});
}

export type Shape = { stream: boolean } | Failure;

/** Checks a JSON body by parsing it once, and looks for `"stream": true`. */
export function shapeOf(body: Buffer, operation: Operation): Shape {
  if (operation.body !== 'json') return { stream: false };
  const invalid = failure('invalid_json', 'The body is not a valid JSON object.');
  if (!isUtf8(body)) return invalid;
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    return invalid;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return invalid;
  return { stream: operation.streams && 'stream' in parsed && parsed.stream === true };
}
