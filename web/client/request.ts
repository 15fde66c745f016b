/** One request to our own server, with the session cookie. Failures are always an ApiError. */
import { ApiError, readError } from './api-error.ts';
import { reportOutage } from './connection.ts';

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** @throws ApiError, or the AbortError of the signal */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(path, options);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** @returns the answer once it is known to be good. @throws ApiError */
export async function send(path: string, options: RequestOptions = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: options.method ?? 'GET',
      credentials: 'same-origin',
      cache: 'no-store',
      headers: { ...(options.body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw reported(
      new ApiError(0, 'unreachable', 'The server cannot be reached. What you entered is kept; try again in a moment.'),
    );
  }
  if (response.ok) return response;
  throw reported(await readError(response));
}

function reported(error: ApiError): ApiError {
  if (error.isOutage) reportOutage(error);
  return error;
}

/** Unguessable enough for idempotency; crypto.randomUUID is missing on plain-http hosts. */
export function randomId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
