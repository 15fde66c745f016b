/** What a client that waits, or has waited long enough, is told about how far the endpoint is. */
import type { BringUpStage } from '../../domain/endpoint.ts';
import { type Failure, clamp, failure } from './failure.ts';
import { type Route, isServing } from './route-table.ts';

const STAGES: Record<BringUpStage, string> = {
  sizing: 'choosing hardware',
  allocating: 'getting a machine',
  waiting_capacity: 'waiting for capacity',
  booting: 'starting the server',
  pulling_image: 'pulling the runtime',
  downloading_weights: 'downloading weights',
  loading: 'loading weights',
  health_check: 'checking that it answers',
  registering: 'going online',
};
const RETRY_AFTER_SECONDS_UNKNOWN = 10;

/** Whole seconds until it should be ready; null when nobody knows. */
export function etaSeconds(route: Route, nowMs: number): number | null {
  if (route.expectedReadyAtMs === null || isServing(route)) return null;
  return Math.max(1, Math.ceil((route.expectedReadyAtMs - nowMs) / 1000));
}

/** The answer when the time to hold is over: 503 with the stage, and when to come back. */
export function stillWaiting(route: Route, nowMs: number): Failure {
  const building = route.status === 'building';
  const eta = etaSeconds(route, nowMs);
  const retryAfterSeconds = clamp(eta ?? RETRY_AFTER_SECONDS_UNKNOWN, 2, 30);
  const details = [stageText(route.stage), eta === null ? null : `about ${eta} s left`].filter(Boolean).join(', ');
  const doing = building ? 'being built' : 'waking up';
  const message = `The endpoint is ${doing}${details ? ` (${details})` : ''}. Retry after ${retryAfterSeconds} s.`;
  return failure(building ? 'endpoint_building' : 'endpoint_waking', message, {
    retryAfterSeconds,
    endpoint: { status: route.status, stage: route.stage, etaSeconds: eta },
  });
}

/** It tried to wake for us and could not; the recorded sentence says why. The next request tries again. */
export function wakeFailed(route: Route): Failure {
  return failure('endpoint_wake_failed', route.statusMessage || 'The endpoint could not wake.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS_UNKNOWN,
    endpoint: { status: route.status, stage: route.stage, etaSeconds: null },
  });
}

/** The comment that keeps a held stream alive. */
export function waitingComment(route: Route | undefined, elapsedMs: number, nowMs: number): string {
  const word = route?.status === 'building' ? 'building' : 'waking';
  const parts = [`: ${word}`];
  if (route?.stage) parts.push(`stage=${route.stage}`);
  parts.push(`elapsed=${Math.round(elapsedMs / 1000)}`);
  const eta = route ? etaSeconds(route, nowMs) : null;
  if (eta !== null) parts.push(`eta=${eta}`);
  return `${parts.join(' ')}\n\n`;
}

function stageText(stage: string | null): string | null {
  return stage !== null && stage in STAGES ? STAGES[stage as BringUpStage] : stage;
}
