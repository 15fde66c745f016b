/** Ways down: hibernate (wakes on request), pause (stays down), delete (nothing left). */
import type { EndpointView } from '../activities/read-endpoint.ts';
import { step, wait } from './activity-options.ts';
import type { Attention } from './attention.ts';
import { releaseAll, stopAll } from './release.ts';
import { transition } from './transition.ts';
import { unlessChanged } from './unless-changed.ts';

/**
 * Falls asleep in two phases: the nodes are marked draining and proxies stop sending; once nothing is in
 * flight they are stopped. A request that comes in between keeps the endpoint up.
 * @returns false when there was no reason (any more) to sleep
 */
export async function hibernate(view: EndpointView, attention: Attention): Promise<boolean> {
  const { endpointId } = view;
  const begun = await step.beginHibernation({ endpointId });
  if (!begun.begun) return false;
  const outcome = await unlessChanged(
    endpointId,
    attention,
    (now) => now.power === 'on',
    () =>
      wait.awaitDrained.executeWithOptions({ summary: 'finish what is in flight' }, [
        { endpointId, version: begun.version, deadlineSeconds: view.limits.drainDeadlineSeconds, mayStayUp: true },
      ]),
  );
  if (outcome === null) return true;
  const wanted = outcome === 'wake-requested' || outcome === 'busy';
  if (wanted && (await step.cancelHibernation({ endpointId }))) return true;
  if (!(await stopAll(endpointId, 'hibernated', attention))) return true;
  await transition({
    endpointId,
    from: ['up'],
    to: 'hibernated',
    reason: null,
    message: 'Asleep: nothing runs, the weights are kept. The next request wakes it.',
    mail: null,
  });
  return true;
}

/** Drains and stops everything until the owner resumes. */
export async function pause(view: EndpointView, attention: Attention): Promise<void> {
  const { endpointId } = view;
  const { version } = await step.beginDrain({ endpointId });
  const deadlineSeconds = view.limits.drainDeadlineSeconds;
  const drained = await unlessChanged(
    endpointId,
    attention,
    (now) => now.power === 'paused',
    () => wait.awaitDrained({ endpointId, version, deadlineSeconds, mayStayUp: false }),
  );
  if (drained === null) {
    await step.cancelHibernation({ endpointId });
    return;
  }
  if (!(await stopAll(endpointId, 'paused', attention))) return;
  await transition({
    endpointId,
    from: ['building', 'up', 'hibernated', 'waking', 'updating', 'failed'],
    to: 'paused',
    reason: null,
    message: 'Paused by its owner. A request does not wake it; resume does.',
    mail: null,
  });
}

/** Releases everything. Streams in flight may finish, unless the owner forces it. */
export async function remove(view: EndpointView, attention: Attention): Promise<void> {
  const { endpointId } = view;
  await transition({
    endpointId,
    from: ['building', 'up', 'hibernated', 'waking', 'updating', 'paused', 'failed'],
    to: 'deleting',
    reason: null,
    message: 'Being deleted: its nodes are released.',
    mail: null,
  });
  if (!view.forceDelete) {
    const { version } = await step.beginDrain({ endpointId });
    const deadlineSeconds = view.limits.drainDeadlineSeconds;
    await unlessChanged(
      endpointId,
      attention,
      (now) => !now.forceDelete,
      () => wait.awaitDrained({ endpointId, version, deadlineSeconds, mayStayUp: false }),
    );
  }
  await releaseAll(endpointId, 'deleted');
  await transition({
    endpointId,
    from: ['deleting'],
    to: 'deleted',
    reason: null,
    message: 'Deleted. Nothing is left running.',
    mail: null,
  });
}
