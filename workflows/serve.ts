/** Keeping what is up: replace lost nodes, converge the node count, fall asleep when idle. */
import { CancellationScope } from '@temporalio/workflow';
import type { EndpointView } from '../activities/read-endpoint.ts';
import { step } from './activity-options.ts';
import type { Attention } from './attention.ts';
import { hibernate } from './fall-asleep.ts';
import { bringUpFailure, bringUpNode, withDeadline } from './provision.ts';
import { releaseAll, stopNodes } from './release.ts';
import { transition } from './transition.ts';

const LOSSES_MAX = 3;
const LOSS_WINDOW_MS = 10 * 60_000;
const ADD_BACKOFF_SECONDS_MIN = 5;
const ADD_BACKOFF_SECONDS_MAX = 300;

/** One turn: look at the nodes if that is due, act on what is found, then wait for the next signal. */
export async function serve(view: EndpointView, attention: Attention, replicas: Replicas): Promise<void> {
  const serving = view.nodes.some((node) => node.state === 'ready');
  if (attention.takeInspection() || !serving) {
    if (await replaceLost(view, attention, replicas)) return;
    if (view.minNodes === 0 && (await hibernate(view, attention))) return;
  }
  await replicas.converge(view, attention);
  const retrySeconds = replicas.secondsToRetry() ?? view.limits.selfCheckSeconds;
  await attention.wait(Math.min(retrySeconds, view.limits.selfCheckSeconds), 'serving; looks again by itself');
}

/** Stops nodes that are gone or hang. Returns true when that changed the records. */
async function replaceLost(view: EndpointView, attention: Attention, replicas: Replicas): Promise<boolean> {
  const { endpointId } = view;
  const verdicts = await step.inspectNodes({ endpointId });
  const lost = verdicts.filter((node) => node.verdict !== 'healthy' && node.verdict !== 'unknown');
  if (lost.length === 0 && verdicts.length > 0) return false;
  const nodeIds = lost.map((node) => node.nodeId);
  if (!(await stopNodes(endpointId, nodeIds, 'node_lost', attention))) return true;
  const ordered = lost.length > 0 && lost.every((verdict) => verdict.verdict === 'stopped');
  if (lost.length > 0 && !ordered) replicas.noteLoss();
  if (lost.length < verdicts.length) return true;
  await replicas.stop();
  if (replicas.isCrashLoop()) {
    await failCrashLoop(endpointId);
    return true;
  }
  await transition({
    endpointId,
    from: ['up', 'updating'],
    to: 'waking',
    reason: ordered ? 'node_stopped' : 'node_lost',
    message: ordered ? 'Its machine was stopped. Starting it again.' : 'Its node was lost. Starting it again.',
    mail: null,
  });
  return true;
}

async function failCrashLoop(endpointId: string): Promise<void> {
  await releaseAll(endpointId, 'runtime_crash_loop');
  await transition({
    endpointId,
    from: ['up', 'updating'],
    to: 'failed',
    reason: 'runtime_crash_loop',
    message: `The runtime ended ${LOSSES_MAX} times within ten minutes. Look at its logs; a larger tier or a shorter context may help.`,
    mail: 'failed',
  });
}

/** The nodes beside the first: brought up in the background, so that failing to add one hurts nobody. */
export class Replicas {
  #adding: { scope: CancellationScope; done: Promise<void> } | null = null;
  #backoffSeconds = ADD_BACKOFF_SECONDS_MIN;
  #notBeforeMs = 0;
  #lossesAtMs: number[] = [];

  /** Starts to bring up one missing node, unless that is under way or was tried just now. */
  async converge(view: EndpointView, attention: Attention): Promise<void> {
    const serving = view.nodes.filter((node) => node.state === 'ready').length;
    if (serving >= view.desiredNodes) {
      if (view.degraded) await step.recordDegraded({ endpointId: view.endpointId, degraded: null });
      return;
    }
    if (this.#adding || Date.now() < this.#notBeforeMs) return;
    const slot = lowestSlot(view);
    const scope = new CancellationScope();
    const done = scope
      .run(() => this.#add(view, slot))
      .finally(() => {
        this.#adding = null;
        attention.call();
      });
    this.#adding = { scope, done };
    if (!view.degraded) {
      const message = `${serving} of ${view.desiredNodes} nodes are ready. Bringing up another.`;
      await step.recordDegraded({ endpointId: view.endpointId, degraded: { reason: 'adding_node', message } });
    }
  }

  async #add(view: EndpointView, slot: number): Promise<void> {
    const { endpointId, limits } = view;
    try {
      await withDeadline(limits.bringUpDeadlineSeconds, () => bringUpNode(view, slot, view.placement?.candidates ?? 1));
      this.#backoffSeconds = ADD_BACKOFF_SECONDS_MIN;
    } catch (error) {
      if (CancellationScope.current().consideredCancelled) return;
      const failure = bringUpFailure(error, limits.bringUpDeadlineSeconds);
      this.#notBeforeMs = Date.now() + this.#backoffSeconds * 1000;
      const message = `${failure.message} Trying again in ${this.#backoffSeconds} s.`;
      this.#backoffSeconds = Math.min(this.#backoffSeconds * 2, ADD_BACKOFF_SECONDS_MAX);
      await CancellationScope.nonCancellable(() =>
        step.recordDegraded({ endpointId, degraded: { reason: failure.code, message } }),
      );
    }
  }

  /** Null when nothing waits to be tried again. */
  secondsToRetry(): number | null {
    const remainingMs = this.#notBeforeMs - Date.now();
    return remainingMs > 0 ? Math.ceil(remainingMs / 1000) : null;
  }

  /** Ends what is under way, its compensations included. Before anything that changes the status. */
  async stop(): Promise<void> {
    this.#adding?.scope.cancel();
    await this.#adding?.done;
  }

  get busy(): boolean {
    return this.#adding !== null;
  }

  noteLoss(): void {
    this.#lossesAtMs.push(Date.now());
  }

  isCrashLoop(): boolean {
    this.#lossesAtMs = this.#lossesAtMs.filter((at) => at > Date.now() - LOSS_WINDOW_MS);
    return this.#lossesAtMs.length >= LOSSES_MAX;
  }
}

function lowestSlot(view: EndpointView): number {
  const idle = view.nodes.find((node) => node.state !== 'ready');
  if (idle) return idle.slot;
  const taken = new Set(view.nodes.map((node) => node.slot));
  let slot = 0;
  while (taken.has(slot)) slot += 1;
  return slot;
}
