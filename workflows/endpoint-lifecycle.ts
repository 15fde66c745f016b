/**
 * The life of one endpoint, from provision to delete: one workflow, whose id is the endpoint's id.
 *
 * It is a loop: read the records, let `domain/lifecycle.ts` decide, act, look again. Signals only make it
 * look sooner. Nothing of importance is remembered here, so a lifecycle whose history was lost is started
 * anew and goes on from the records and the provider's truth.
 */
import {
  CancellationScope,
  allHandlersFinished,
  condition,
  continueAsNew,
  defineSignal,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { EndpointView } from '../activities/read-endpoint.ts';
import { type LifecycleAction, nextAction } from '../domain/lifecycle.ts';
import { read } from './activity-options.ts';
import { Attention } from './attention.ts';
import { bringUp } from './bring-up.ts';
import { LIFECYCLE_SIGNALS, type LifecycleInput, type SignalPayloads } from './contract.ts';
import { hibernate, pause, remove } from './fall-asleep.ts';
import { endpointStatusAttribute, providerAttribute, tierAttribute } from './search-attributes.ts';
import { Replicas, serve } from './serve.ts';
import { transition } from './transition.ts';

/** At rest nothing is expected but a signal; the slow look only mends what no signal told of. */
const REST_SECONDS = 6 * 3600;

export async function endpointLifecycle(input: LifecycleInput): Promise<void> {
  const attention = new Attention();
  for (const name of LIFECYCLE_SIGNALS) {
    setHandler(defineSignal<[SignalPayloads[typeof name]]>(name), () => attention.call());
  }
  // A cancellation from the Web UI changes nothing: only the owner's wishes decide, or nodes would be left.
  await CancellationScope.nonCancellable(() => live(input, attention));
}

async function live(input: LifecycleInput, attention: Attention): Promise<void> {
  const replicas = new Replicas();
  const page = new OperatorPage();
  for (;;) {
    attention.look();
    const view = await read.readEndpoint(input);
    if (!view) return;
    page.show(view);
    const action = nextAction(view);
    if (action === 'end') return;
    if (action !== 'serve') await replicas.stop();
    await act(action, view, attention, replicas);
    if (workflowInfo().continueAsNewSuggested) {
      await replicas.stop();
      await condition(allHandlersFinished);
      await continueAsNew<typeof endpointLifecycle>(input);
    }
  }
}

async function act(
  action: Exclude<LifecycleAction, 'end'>,
  view: EndpointView,
  attention: Attention,
  replicas: Replicas,
): Promise<void> {
  switch (action) {
    case 'bring-up':
      return bringUp(view, attention);
    case 'wake':
      return beginAgain(view, 'waking', 'Waking up.');
    case 'rebuild':
      return beginAgain(view, 'building', 'Trying again.');
    case 'serve':
      return serve(view, attention, replicas);
    case 'hibernate':
      await hibernate(view, attention);
      return;
    case 'pause':
      return pause(view, attention);
    case 'delete':
      return remove(view, attention);
    case 'rest':
      return attention.wait(REST_SECONDS, `at rest: ${view.status}`);
  }
}

async function beginAgain(view: EndpointView, to: 'waking' | 'building', message: string): Promise<void> {
  await transition({
    endpointId: view.endpointId,
    from: ['hibernated', 'paused', 'failed'],
    to,
    reason: null,
    message,
    mail: null,
  });
}

/** What the Temporal Web UI shows of this run, in a few lines, and what it can be searched by. */
class OperatorPage {
  #attributes = '';

  show(view: EndpointView): void {
    const nodes = view.nodes.map((node) => `- \`${node.nodeId}\` (slot ${node.slot}): ${node.state}`);
    const lines = [`**${view.status}** · ${view.name} · \`${view.model}\``, '', view.statusMessage];
    if (view.statusReason) lines.push('', `Reason: \`${view.statusReason}\``);
    lines.push('', nodes.length > 0 ? 'Nodes:' : 'No nodes.', ...nodes);
    setCurrentDetails(lines.join('\n'));
    this.#index(view);
  }

  /** Each upsert is an event in the history, so only changes are written. Model and owner were set at the start. */
  #index(view: EndpointView): void {
    const attributes = [view.status, view.placement?.tier, view.placement?.provider].join(' ');
    if (attributes === this.#attributes) return;
    this.#attributes = attributes;
    upsertSearchAttributes([
      { key: endpointStatusAttribute, value: view.status },
      { key: tierAttribute, value: view.placement?.tier ?? null },
      { key: providerAttribute, value: view.placement?.provider ?? null },
    ]);
  }
}
