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
      await tryCandidate(view.endpointId, slot, candidateIndex, sleeper !== undefined);
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

async function tryCandidate(
  endpointId: string,
  slot: number,
  candidateIndex: number,
  keepAsleep: boolean,
): Promise<void> {
  // Registered before the first step: it releases whatever the slot has, also an intent that was
  // written by a step whose answer never came.
  let nodeId: string | null = null;
  const compensate = async () => {
    if (keepAsleep && nodeId) await undo.stopNode({ nodeId, reason: 'bring_up_failed' });
    else await undo.releaseSlot({ endpointId, slot, reason: 'bring_up_failed' });
  };
  try {
    const node = await step.allocateNode({ endpointId, slot, candidateIndex });
    nodeId = node.nodeId;
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
