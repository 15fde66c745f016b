/**
 * What a client of the data plane sees when it does not get an answer from a node: OpenAI's error shape,
 * with hints that its SDKs obey (`Retry-After` between 1 and 60 s, `x-should-retry`).
 */
import { ERROR_CATALOG, type ErrorCode } from '../../domain/errors.ts';

export interface Failure {
  status: number;
  code: ErrorCode;
  message: string;
  shouldRetry: boolean;
  /** Null when trying again will not help. */
  retryAfterSeconds: number | null;
  /** How far the endpoint is, for clients that show it. */
  endpoint: { status: string; stage: string | null; etaSeconds: number | null } | null;
}

interface FailureOptions {
  status?: number;
  retryAfterSeconds?: number;
  endpoint?: Failure['endpoint'];
}

const RETRY_AFTER_SECONDS_DEFAULT = 2;

export function failure(code: ErrorCode, message: string, options: FailureOptions = {}): Failure {
  const { status, retryable } = ERROR_CATALOG[code];
  return {
    status: options.status ?? status,
    code,
    message,
    shouldRetry: retryable,
    retryAfterSeconds: retryable ? clamp(options.retryAfterSeconds ?? RETRY_AFTER_SECONDS_DEFAULT, 1, 60) : null,
    endpoint: options.endpoint ?? null,
  };
}

/** One sentence and one body for every cause, so that nothing can be learnt from a wrong key. */
export const INVALID_API_KEY = failure(
  'invalid_api_key',
  'Incorrect API key provided. Send a valid key as "Authorization: Bearer hvz_...".',
);

/** The same for an id that never existed, a deleted endpoint and another owner's. */
export const ENDPOINT_NOT_FOUND = failure('endpoint_not_found', 'There is no such endpoint.');

export function errorBody(it: Failure): { error: { message: string; type: string; param: null; code: ErrorCode } } {
  return { error: { message: it.message, type: typeOf(it.status), param: null, code: it.code } };
}

export function failureJson(it: Failure): string {
  return JSON.stringify(it.endpoint ? { ...errorBody(it), endpoint: it.endpoint } : errorBody(it));
}

function typeOf(status: number): string {
  if (status === 429) return 'rate_limit_error';
  if (status === 503) return 'service_unavailable';
  return status < 500 ? 'invalid_request_error' : 'api_error';
}

export function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
