/**
 * How activities fail. Workflows see ApplicationFailures whose type is a stable code of the catalogue and
 * whose message may be shown to the user; the first detail says what kind of failure it is.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { ErrorCode } from '../domain/errors.ts';
import { ERROR_CATALOG, UserError } from '../domain/errors.ts';
import { ProviderError, type ProviderErrorClass } from '../providers/provider.ts';

/** `crash`: the runtime ended by itself; the others are the provider's classes. */
export type FailureClass = ProviderErrorClass | 'crash';

export interface FailureDetail {
  errorClass: FailureClass;
  /** The runtime's last lines, for a crash. */
  logTail?: string[];
}

/** The activities whose failure the lifecycle decides about. All others are tried until they succeed. */
const DECIDED = new Set(['sizeModel', 'provisionNode']);
/** After so many tries a passing failure counts as one that does not pass: about two minutes. */
const TRIES_MAX = 10;

/**
 * Turns what an activity threw into the failure that the workflow decides by. Only a failure that was
 * classified may ever be final; anything else (a database that is down, a bug) is tried again.
 */
export function toFailure(error: unknown, activity: { activityType: string; attempt: number }): unknown {
  if (!(error instanceof ProviderError) && !(error instanceof UserError)) return error;
  const errorClass = classOf(error);
  const passing = errorClass === 'throttle' || errorClass === 'transient';
  const retryAfterSeconds = error instanceof UserError ? Number(error.headers['retry-after']) : 0;
  const detail: FailureDetail = { errorClass };
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: DECIDED.has(activity.activityType) && (!passing || activity.attempt >= TRIES_MAX),
    details: [detail],
    cause: error,
    ...(retryAfterSeconds > 0 ? { nextRetryDelay: retryAfterSeconds * 1000 } : {}),
  });
}

function classOf(error: ProviderError | UserError): ProviderErrorClass {
  if (error instanceof ProviderError) return error.errorClass;
  return ERROR_CATALOG[error.code].retryable ? 'transient' : 'fatal';
}

/** A failure that only the workflow may decide about, with its class. */
export function terminalFailure(code: ErrorCode, message: string, detail: FailureDetail): ApplicationFailure {
  return ApplicationFailure.create({ message, type: code, nonRetryable: true, details: [detail] });
}
