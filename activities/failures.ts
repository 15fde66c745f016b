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

/** Turns whatever an activity threw into the failure that the workflow decides by. */
export function toFailure(error: unknown): unknown {
  if (error instanceof ProviderError) {
    const detail: FailureDetail = { errorClass: error.errorClass };
    const retryable = error.errorClass === 'throttle' || error.errorClass === 'transient';
    return ApplicationFailure.create({
      message: error.message,
      type: error.code,
      nonRetryable: !retryable,
      details: [detail],
      cause: error,
    });
  }
  if (error instanceof UserError) {
    const retryable = ERROR_CATALOG[error.code].retryable;
    const detail: FailureDetail = { errorClass: retryable ? 'transient' : 'fatal' };
    const retryAfterSeconds = Number(error.headers['retry-after']);
    return ApplicationFailure.create({
      message: error.message,
      type: error.code,
      nonRetryable: !retryable,
      details: [detail],
      cause: error,
      ...(retryAfterSeconds > 0 ? { nextRetryDelay: retryAfterSeconds * 1000 } : {}),
    });
  }
  return error;
}

/** A failure that only the workflow may decide about, with its class. */
export function terminalFailure(code: ErrorCode, message: string, detail: FailureDetail): ApplicationFailure {
  return ApplicationFailure.create({ message, type: code, nonRetryable: true, details: [detail] });
}
