/** What goes to a node beside the body, and what is taken from an error that it answers with. */
import type { IncomingHttpHeaders } from 'node:http';
import { type Failure, errorBody } from './failure.ts';

/** An allow-list: nothing that a client sends reaches a node unless it is named here. */
export function headersToNode(client: IncomingHttpHeaders, secret: string, requestId: string): string[] {
  const { 'content-type': contentType, accept, traceparent } = client;
  const headers = ['authorization', `Bearer ${secret}`, 'accept-encoding', 'identity', 'x-request-id', requestId];
  if (contentType !== undefined) headers.push('content-type', contentType);
  if (accept !== undefined) headers.push('accept', accept);
  if (typeof traceparent === 'string') headers.push('traceparent', traceparent);
  return headers;
}

/** The node's own error object as JSON when it sent one, else `otherwise`. */
export function errorOfNode(body: Buffer, otherwise: Failure): string {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && 'error' in parsed)
      return JSON.stringify({ error: parsed.error });
  } catch {
    // Not JSON: nothing in it for the client.
  }
  return JSON.stringify(errorBody(otherwise));
}
