/** From building or waking to up, or to an explained end with nothing left running. */
import { CancellationScope } from '@temporalio/workflow';
import type { EndpointView } from '../activities/read-endpoint.ts';
import { attempt, step } from './activity-options.ts';
import type { Attention } from './attention.ts';
import type { BringUpFailure } from './failure.ts';
import { bringUpFailure, bringUpNode, withDeadline } from './provision.ts';
import { releaseAll } from './release.ts';
import { transition } from './transition.ts';
import { unlessChanged } from './unless-changed.ts';

/** After a failed wake of an endpoint that is to be always on: the pause before the next try. */
const RETRY_SECONDS = 30;

/** Brings the endpoint up; a pause or a delete in between ends it with its compensations run. */
export async function bringUp(view: EndpointView, attention: Attention): Promise<void> {
  const { endpointId } = view;
  const isWanted = (now: EndpointView) => now.power === 'on' && (now.status === 'building' || now.status === 'waking');
  const failure = await unlessChanged(endpointId, attention, isWanted, () => tryBringUp(view));
  if (failure === 'up') {
    const building = view.status === 'building';
    await transition({
      endpointId,
      from: [view.status],
      to: 'up',
      reason: null,
      message: building ? 'Online: it has answered a first completion.' : 'Online again.',
      mail: building ? 'ready' : null,
    });
    return;
  }
  if (failure !== null) await endBringUp(view, failure, attention);
}

async function tryBringUp(view: EndpointView): Promise<'up' | BringUpFailure> {
  try {
    await withDeadline(view.limits.bringUpDeadlineSeconds, async () => {
      // A build looks at the model afresh, because a token or the machine may have changed since a failure.
      const sized = view.status === 'waking' ? view.placement?.candidates : null;
      const candidates = sized ?? (await sizeModel(view.endpointId));
      if (!view.nodes.some((node) => node.state === 'ready')) await bringUpNode(view, freeSlot(view), candidates);
    });
    return 'up';
  } catch (error) {
    // Ours is the inner scope; if the outer one was cancelled, the owner changed their mind.
    if (CancellationScope.current().consideredCancelled) throw error;
    return bringUpFailure(error, view.limits.bringUpDeadlineSeconds);
  }
}

async function sizeModel(endpointId: string): Promise<number> {
  const sizing = await attempt.sizeModel.executeWithOptions({ summary: 'what the model needs' }, [{ endpointId }]);
  return sizing.candidates;
}

/** The slot to bring up: one whose node sleeps or was on its way, else the first. */
function freeSlot(view: EndpointView): number {
  return view.nodes[0]?.slot ?? 0;
}

/**
 * What a failed bring-up ends in. A first build, or a failure that trying again cannot cure, ends as
 * failed with everything released. A wake that failed for want of room or time goes back to sleep, and
 * the next request tries again; an endpoint that is to be always on tries again by itself.
 */
async function endBringUp(view: EndpointView, failure: BringUpFailure, attention: Attention): Promise<void> {
  const curable = failure.errorClass !== 'fatal' && failure.errorClass !== 'crash';
  if (view.status === 'waking' && curable) {
    if (view.minNodes > 0) {
      const message = `${failure.message} Still trying, next attempt in ${RETRY_SECONDS} s.`;
      await step.recordStage({ endpointId: view.endpointId, stage: 'waiting_capacity', message });
      await attention.wait(RETRY_SECONDS, 'before trying again');
      return;
    }
    await transition({
      endpointId: view.endpointId,
      from: ['waking'],
      to: 'hibernated',
      reason: failure.code,
      message: `It could not wake: ${failure.message}`,
      mail: null,
    });
    return;
  }
  await releaseAll(view.endpointId, failure.code);
  await transition({
    endpointId: view.endpointId,
    from: ['building', 'waking'],
    to: 'failed',
    reason: failure.code,
    message: failure.message,
    mail: 'failed',
  });
}
