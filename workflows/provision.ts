/**
 * Bringing one node up: intent, launch, a first real completion, registration. Each step's undo is
 * registered before the step and runs to its end whatever happens, a cancellation included.
 */
import { ApplicationFailure, CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { EndpointView } from '../activities/read-endpoint.ts';
import { attempt, step, undo, wait } from './activity-options.ts';
import { type BringUpFailure, explainFailure } from './failure.ts';

/** Three crashes within ten minutes are a crash loop. */
const CRASHES_MAX = 3;
const CRASH_WINDOW_MS = 10 * 60_000;
const CRASH_BACKOFF_MS = 1_000;

/** Thrown when no candidate worked, or the node cannot work anywhere. */
export class BringUpError extends Error {
  readonly failure: BringUpFailure;

  constructor(failure: BringUpFailure) {
    super(failure.message);
    this.name = 'BringUpError';
    this.failure = failure;
  }
}

/**
 * Brings up the node of a slot on the first candidate that has room, and leaves it `ready`.
 * @throws BringUpError with nothing left of what was tried: a new node is released, one that slept sleeps again
 */
export async function bringUpNode(view: EndpointView, slot: number, candidates: number): Promise<void> {
  const sleeper = view.nodes.find(
    (node) => node.slot === slot && (node.state === 'stopped' || node.state === 'stopping'),
  );
  let last: BringUpFailure = {
    code: 'capacity_unavailable',
    message: 'There is no place to launch a node.',
    errorClass: 'capacity',
  };
  for (let candidateIndex = 0; candidateIndex < candidates; candidateIndex++) {
    try {
      await tryCandidate(view.endpointId, slot, candidateIndex, sleeper?.nodeId ?? null);
      return;
    } catch (error) {
      if (isCancellation(error)) throw error;
      last = error instanceof BringUpError ? error.failure : explainFailure(error);
      await step.recordAttempt({
        endpointId: view.endpointId,
        reason: last.code,
        message: last.message,
        details: { slot, candidate: candidateIndex, errorClass: last.errorClass },
      });
      const elsewhere = last.errorClass === 'capacity' || last.errorClass === 'quota' || last.errorClass === 'throttle';
      if (!elsewhere) break;
    }
  }
  throw new BringUpError(last);
}

/** Cancels work that takes longer; a timer of our own, because it can say in the Web UI what it is for. */
export async function withDeadline(seconds: number, work: () => Promise<void>): Promise<void> {
  const working = new CancellationScope();
  const timing = new CancellationScope();
  const deadline = timing.run(async () => {
    await sleep(seconds * 1000, { summary: 'bring-up deadline' });
    working.cancel();
  });
  deadline.catch(() => {});
  try {
    await working.run(work);
  } finally {
    timing.cancel();
  }
}

/** What a bring-up failed of, a passed deadline included. */
export function bringUpFailure(error: unknown, deadlineSeconds: number): BringUpFailure {
  if (error instanceof BringUpError) return error.failure;
  if (!isCancellation(error)) return explainFailure(error);
  return {
    code: 'bring_up_timeout',
    message: `It did not answer within ${deadlineSeconds} s. Retry, or choose a smaller model or a larger tier.`,
    errorClass: 'transient',
  };
}

async function tryCandidate(
  endpointId: string,
  slot: number,
  candidateIndex: number,
  sleeperId: string | null,
): Promise<void> {
  // Known before the first step: a node that slept goes back to sleep with its weights; anything else in
  // the slot is released, also an intent that was written by a step whose answer never came.
  const reason = 'bring_up_failed';
  const compensate = () =>
    sleeperId ? undo.stopNode({ nodeId: sleeperId, reason }) : undo.releaseSlot({ endpointId, slot, reason });
  try {
    const { nodeId } = await step.allocateNode({ endpointId, slot, candidateIndex });
    await runUntilReady(nodeId);
    await step.registerEndpoint({ nodeId });
  } catch (error) {
    await CancellationScope.nonCancellable(compensate);
    throw error;
  }
}

/** Starts the machine and waits for its first completion; a runtime that crashes is started again, twice. */
async function runUntilReady(nodeId: string): Promise<void> {
  const crashedAtMs: number[] = [];
  for (;;) {
    await attempt.provisionNode.executeWithOptions({ summary: `launch ${nodeId}` }, [{ nodeId }]);
    try {
      await wait.awaitNodeReady.executeWithOptions({ summary: `wait for a completion of ${nodeId}` }, [{ nodeId }]);
      return;
    } catch (error) {
      if (isCancellation(error)) throw error;
      const failure = explainFailure(error);
      if (failure.errorClass !== 'crash') throw error;
      crashedAtMs.push(Date.now());
      const recent = crashedAtMs.filter((at) => at > Date.now() - CRASH_WINDOW_MS);
      if (recent.length >= CRASHES_MAX) {
        throw ApplicationFailure.create({
          type: 'runtime_crash_loop',
          nonRetryable: true,
          message: `The runtime crashed ${recent.length} times in a row. ${failure.message}`,
          details: [{ errorClass: 'crash' }],
        });
      }
      await sleep(CRASH_BACKOFF_MS * 2 ** (recent.length - 1), { summary: 'before starting the runtime again' });
    }
  }
}
