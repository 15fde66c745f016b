/**
 * The one table of the lifecycle: which transition is allowed, and what to do next. The workflow acts
 * on it, the API answers commands from it, the dashboard greys buttons by it.
 *
 * Everything is level-triggered: `nextAction` looks at what the owner wants and what is recorded, never
 * at which signal came. A lost, doubled or late signal therefore changes nothing.
 *
 * Two counters make one-shot wishes ("hibernate now", "wake now", "try again") idempotent:
 * `sleepGeneration` grows by one each time the endpoint starts to fall asleep. A wish names the
 * generation that it is about; once that generation has passed, the wish is spent.
 */
import type { EndpointStatus, NodeState, Power } from './endpoint.ts';

/** Allowed transitions, `from → to`. Deleting is allowed from anywhere but deleted. */
const TRANSITIONS: Record<EndpointStatus, readonly EndpointStatus[]> = {
  building: ['up', 'failed', 'paused', 'deleting'],
  up: ['hibernated', 'waking', 'updating', 'paused', 'failed', 'deleting'],
  hibernated: ['waking', 'paused', 'failed', 'deleting'],
  waking: ['up', 'hibernated', 'failed', 'paused', 'deleting'],
  updating: ['up', 'waking', 'failed', 'paused', 'deleting'],
  paused: ['waking', 'building', 'deleting'],
  failed: ['building', 'paused', 'deleting'],
  deleting: ['deleted'],
  deleted: [],
};

export function canTransition(from: EndpointStatus, to: EndpointStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

/** What the lifecycle reads before each decision: the owner's wishes and the recorded state. */
export interface LifecycleView {
  status: EndpointStatus;
  power: Power;
  minNodes: number;
  /** True once the endpoint has been up; before that a resumed endpoint builds rather than wakes. */
  everUp: boolean;
  sleepGeneration: number;
  /** The sleep that somebody asked to end. */
  wakeRequested: number;
  /** The sleep that somebody asked to begin. */
  hibernateRequested: number;
  failureGeneration: number;
  /** The failure that somebody asked to try again. */
  retryRequested: number;
  nodes: readonly { state: NodeState }[];
}

export type LifecycleAction =
  /** Bring nodes up until one answers a completion; status is building or waking. */
  | 'bring-up'
  /** Record `waking`, then bring up. */
  | 'wake'
  /** Record `building` again after a failure (or a pause before the first up), then bring up. */
  | 'rebuild'
  /** Keep what is up: replace lost nodes, converge the node count, watch for idleness. */
  | 'serve'
  /** Drain and stop the nodes, keep the weights. */
  | 'hibernate'
  /** Release the nodes and stay stopped until resumed. */
  | 'pause'
  /** Release everything, then record `deleted`. */
  | 'delete'
  /** Nothing to do until the next signal. */
  | 'rest'
  /** The endpoint is gone; the workflow may end. */
  | 'end';

/** Decides purely what the lifecycle does next. */
export function nextAction(view: LifecycleView): LifecycleAction {
  if (view.status === 'deleted') return 'end';
  if (view.power === 'deleted' || view.status === 'deleting') return 'delete';
  if (view.power === 'paused') return view.status === 'paused' ? 'rest' : 'pause';
  switch (view.status) {
    case 'building':
    case 'waking':
      return 'bring-up';
    case 'up':
      return isFallingAsleep(view) ? 'hibernate' : 'serve';
    case 'updating':
      return 'serve';
    case 'hibernated':
      return isWakeWanted(view) ? 'wake' : 'rest';
    case 'paused':
      return view.everUp ? 'wake' : 'rebuild';
    case 'failed':
      return view.retryRequested >= view.failureGeneration && view.failureGeneration > 0 ? 'rebuild' : 'rest';
  }
}

/** A sleep that was asked for, or one that had begun (nodes draining) when the lifecycle was interrupted. */
function isFallingAsleep(view: LifecycleView): boolean {
  const live = view.nodes.filter((node) => node.state !== 'terminated');
  // With nothing left to put to sleep, serving finds that out and brings it up again.
  if (live.length === 0) return false;
  if (view.hibernateRequested > view.sleepGeneration) return true;
  return live.every((node) => ['draining', 'stopping', 'stopped'].includes(node.state));
}

/** A sleep ends when somebody asks; one that nobody asked for also when the owner wants nodes always. */
function isWakeWanted(view: LifecycleView): boolean {
  const alwaysOn = view.minNodes > 0 && view.hibernateRequested < view.sleepGeneration;
  return alwaysOn || isWakeLatched(view);
}

/** The wake latch: somebody wants the present sleep, or the one that has just begun, to end. */
export function isWakeLatched(view: Pick<LifecycleView, 'wakeRequested' | 'sleepGeneration'>): boolean {
  return view.sleepGeneration > 0 && view.wakeRequested >= view.sleepGeneration;
}

export const ENDPOINT_COMMANDS = ['hibernate', 'wake', 'pause', 'resume', 'retry', 'delete'] as const;
export type EndpointCommand = (typeof ENDPOINT_COMMANDS)[number];

/** How a command changes the owner's wishes. `noop` is still a success for the caller. */
export type CommandEffect =
  | { kind: 'noop' }
  | { kind: 'power'; power: Power }
  | { kind: 'wake'; sleepGeneration: number }
  | { kind: 'hibernate'; sleepGeneration: number }
  | { kind: 'retry'; failureGeneration: number }
  | { kind: 'refused'; code: 'endpoint_paused' | 'endpoint_failed' | 'endpoint_busy' | 'endpoint_deleting' };

type CommandView = Pick<LifecycleView, 'status' | 'power' | 'minNodes' | 'sleepGeneration' | 'failureGeneration'>;

/**
 * What a command means now. Commands that already hold are no-ops; commands that make no sense in the
 * present state are refused with a code that says what to do instead.
 */
export function commandEffect(command: EndpointCommand, view: CommandView): CommandEffect {
  if (command === 'delete') return view.power === 'deleted' ? { kind: 'noop' } : { kind: 'power', power: 'deleted' };
  // Deleted is final: nothing may overwrite that wish.
  if (view.power === 'deleted' || view.status === 'deleting' || view.status === 'deleted') {
    return { kind: 'refused', code: 'endpoint_deleting' };
  }
  if (command === 'pause') return view.power === 'paused' ? { kind: 'noop' } : { kind: 'power', power: 'paused' };
  if (command === 'resume') return view.power === 'on' ? { kind: 'noop' } : { kind: 'power', power: 'on' };
  if (view.power === 'paused' || view.status === 'paused') return { kind: 'refused', code: 'endpoint_paused' };
  if (command === 'retry') {
    return view.status === 'failed' ? { kind: 'retry', failureGeneration: view.failureGeneration } : { kind: 'noop' };
  }
  if (view.status === 'failed') return { kind: 'refused', code: 'endpoint_failed' };
  if (command === 'wake') {
    return view.status === 'hibernated' ? { kind: 'wake', sleepGeneration: view.sleepGeneration } : { kind: 'noop' };
  }
  // hibernate
  if (view.status === 'hibernated') return { kind: 'noop' };
  if (view.status === 'up') return { kind: 'hibernate', sleepGeneration: view.sleepGeneration + 1 };
  return { kind: 'refused', code: 'endpoint_busy' };
}
