/**
 * Around every activity: a heartbeat each second (so a killed worker is noticed, and a cancellation
 * heard, in seconds), the translation of failures, fault points, and one log line for each failure.
 */
import type { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor, ActivityInterceptors } from '@temporalio/worker';
import { toFailure } from '../activities/failures.ts';
import type { FaultPoint } from '../activities/fault-points.ts';
import type { Logger } from '../log.ts';

const HEARTBEAT_MS = 1_000;

export function activityInterceptor(
  faultPoint: FaultPoint,
  logger: Logger,
): (context: Context) => ActivityInterceptors {
  return (context) => {
    const inbound: ActivityInboundCallsInterceptor = {
      async execute(input, next) {
        const { activityType, workflowExecution, attempt, isLocal } = context.info;
        const beat = isLocal ? undefined : setInterval(() => context.heartbeat(), HEARTBEAT_MS);
        try {
          await faultPoint(`${activityType}.before`);
          const result = await next(input);
          await faultPoint(`${activityType}.after`);
          return result;
        } catch (error) {
          if (error instanceof CancelledFailure) throw error;
          logger.warn(
            { activityType, workflowId: workflowExecution?.workflowId, attempt, err: error },
            'activity failed',
          );
          throw toFailure(error, { activityType, attempt });
        } finally {
          clearInterval(beat);
        }
      },
    };
    return { inbound };
  };
}
