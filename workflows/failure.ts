/** Reads back what an activity failed of; see activities/failures.ts. */
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import type { FailureDetail } from '../activities/failures.ts';

export interface BringUpFailure {
  code: string;
  message: string;
  errorClass: FailureDetail['errorClass'];
}

/** What went wrong, in the words that the activity chose for the user. */
export function explainFailure(error: unknown): BringUpFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const detail = cause.details?.[0] as FailureDetail | undefined;
    return {
      code: cause.type && cause.type !== 'Error' ? cause.type : 'internal_error',
      message: detail
        ? cause.message
        : 'Something went wrong on our side. The operator finds the details in the Temporal Web UI.',
      errorClass: detail?.errorClass ?? 'transient',
    };
  }
  if (cause instanceof TimeoutFailure) {
    return { code: 'bring_up_timeout', message: 'A step took longer than it may.', errorClass: 'transient' };
  }
  return {
    code: 'internal_error',
    message: 'Something went wrong on our side. The operator finds the details in the Temporal Web UI.',
    errorClass: 'transient',
  };
}
