/**
 * Which endpoint and which operation a request target means. The target is compared as text with a fixed
 * list and never resolved, decoded or joined: `..`, `%2e`, `\`, `//host` and absolute forms match nothing,
 * and what is sent to a node is a constant of this file.
 */
import { isEndpointId } from '../../domain/endpoint-id.ts';

export const PREFIX = '/api/d/';

export interface Operation {
  /** The path on the node. */
  upstreamPath: string;
  body: 'json' | 'multipart';
  /** Streams of this operation end in `data: [DONE]`; one that does not was cut. */
  endsInDone: boolean;
  /** Whether `"stream": true` means anything here. */
  streams: boolean;
}

const json = (upstreamPath: string): Operation => ({ upstreamPath, body: 'json', endsInDone: false, streams: false });

const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['chat/completions', { ...json('/v1/chat/completions'), streams: true, endsInDone: true }],
  ['completions', { ...json('/v1/completions'), streams: true, endsInDone: true }],
  ['responses', { ...json('/v1/responses'), streams: true }],
  ['embeddings', json('/v1/embeddings')],
  ['rerank', json('/v1/rerank')],
  ['score', json('/v1/score')],
  // Neither llama.cpp nor vLLM has these two below /v1.
  ['tokenize', json('/tokenize')],
  ['detokenize', json('/detokenize')],
  ['audio/transcriptions', { ...json('/v1/audio/transcriptions'), body: 'multipart' as const }],
]);

export type Target =
  | { kind: 'inference'; endpointId: string; operation: Operation }
  | { kind: 'models'; endpointId: string }
  | { kind: 'health'; endpointId: string; query: string }
  /** A good id, but nothing that we pass on. */
  | { kind: 'unknown'; endpointId: string };

/** @returns null when the target does not name a well-formed endpoint id */
export function parseTarget(method: string, url: string): Target | null {
  if (!url.startsWith(PREFIX)) return null;
  const slash = url.indexOf('/', PREFIX.length);
  if (slash < 0) return null;
  const endpointId = url.slice(PREFIX.length, slash);
  if (!isEndpointId(endpointId)) return null;
  const mark = url.indexOf('?', slash);
  let path = mark < 0 ? url.slice(slash + 1) : url.slice(slash + 1, mark);
  if (path.startsWith('v1/')) path = path.slice(3);
  if (method === 'POST') {
    const operation = OPERATIONS.get(path);
    if (operation) return { kind: 'inference', endpointId, operation };
  }
  if (method === 'GET' || method === 'HEAD') {
    if (path === 'models') return { kind: 'models', endpointId };
    if (path === 'health') return { kind: 'health', endpointId, query: mark < 0 ? '' : url.slice(mark + 1) };
  }
  return { kind: 'unknown', endpointId };
}
