import {
  recordAttempt as writeAttempt,
  recordDegraded as writeDegraded,
  recordStage as writeStage,
} from '../db/lifecycle.ts';
import type { BringUpStage } from '../domain/endpoint.ts';
import type { ActivityDeps } from './deps.ts';

/** Records how far a bring-up has come. */
export async function recordStage(
  deps: ActivityDeps,
  input: { endpointId: string; stage: BringUpStage; message?: string },
): Promise<void> {
  await writeStage(deps.db, input.endpointId, input.stage, input.message ? { message: input.message } : {});
}

/** Records why an endpoint that is up has fewer nodes than it should, or that it has them all. */
export async function recordDegraded(
  deps: ActivityDeps,
  input: { endpointId: string; degraded: { reason: string; message: string } | null },
): Promise<void> {
  await writeDegraded(deps.db, input.endpointId, input.degraded);
}

/** Puts one attempt and its outcome on the timeline. */
export async function recordAttempt(
  deps: ActivityDeps,
  input: { endpointId: string; reason: string; message: string; details: Record<string, unknown> },
): Promise<void> {
  await writeAttempt(deps.db, input);
}
