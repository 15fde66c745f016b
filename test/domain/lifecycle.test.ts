import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ENDPOINT_STATUSES, type EndpointStatus, NODE_STATES } from '../../domain/endpoint.ts';
import {
  canTransition,
  commandEffect,
  ENDPOINT_COMMANDS,
  isWakeLatched,
  type LifecycleAction,
  type LifecycleView,
  nextAction,
} from '../../domain/lifecycle.ts';

const ready = [{ state: 'ready' }] as const;
const up: LifecycleView = {
  status: 'up',
  power: 'on',
  minNodes: 0,
  everUp: true,
  sleepGeneration: 0,
  wakeRequested: 0,
  hibernateRequested: 0,
  failureGeneration: 0,
  retryRequested: 0,
  nodes: ready,
};
const asleep: LifecycleView = { ...up, status: 'hibernated', sleepGeneration: 3, hibernateRequested: 3, nodes: [] };

/** Every view that could ever be read. */
const views = fc.record<LifecycleView>({
  status: fc.constantFrom(...ENDPOINT_STATUSES),
  power: fc.constantFrom('on', 'paused', 'deleted'),
  minNodes: fc.nat(3),
  everUp: fc.boolean(),
  sleepGeneration: fc.nat(4),
  wakeRequested: fc.nat(4),
  hibernateRequested: fc.nat(4),
  failureGeneration: fc.nat(4),
  retryRequested: fc.nat(4),
  nodes: fc.array(fc.record({ state: fc.constantFrom(...NODE_STATES) }), { maxLength: 4 }),
});

describe('canTransition', () => {
  it.each([
    ['building', 'up'],
    ['building', 'failed'],
    ['up', 'hibernated'],
    ['hibernated', 'waking'],
    ['waking', 'up'],
    ['waking', 'hibernated'],
    ['failed', 'building'],
    ['paused', 'waking'],
    ['deleting', 'deleted'],
  ] as const)('allows %s → %s', (from, to) => {
    expect(canTransition(from, to)).toBe(true);
  });

  it.each([
    ['building', 'hibernated'],
    ['hibernated', 'up'],
    ['failed', 'up'],
    ['paused', 'up'],
    ['deleting', 'up'],
    ['deleting', 'failed'],
    ['up', 'building'],
    ['up', 'deleted'],
  ] as const)('forbids %s → %s', (from, to) => {
    expect(canTransition(from, to)).toBe(false);
  });

  it('allows deleting from everywhere but the end, and nothing after deleted', () => {
    for (const status of ENDPOINT_STATUSES) {
      expect(canTransition(status, 'deleting')).toBe(status !== 'deleting' && status !== 'deleted');
      expect(canTransition('deleted', status)).toBe(false);
      expect(canTransition(status, status)).toBe(false);
    }
  });

  it('leads from every status to deleted', () => {
    for (const start of ENDPOINT_STATUSES) expect(reachable(start)).toContain('deleted');
  });
});

describe('nextAction', () => {
  it.each<{ name: string; view: LifecycleView; action: LifecycleAction }>([
    {
      name: 'brings a new endpoint up',
      view: { ...up, status: 'building', everUp: false, nodes: [] },
      action: 'bring-up',
    },
    { name: 'serves what is up', view: up, action: 'serve' },
    { name: 'goes to sleep when asked', view: { ...up, hibernateRequested: 1 }, action: 'hibernate' },
    {
      name: 'ignores a wish for a sleep that is over',
      view: { ...up, sleepGeneration: 2, hibernateRequested: 2 },
      action: 'serve',
    },
    {
      name: 'goes on falling asleep after an interruption',
      view: { ...up, nodes: [{ state: 'draining' }, { state: 'terminated' }] },
      action: 'hibernate',
    },
    {
      name: 'does not fall asleep because one of two nodes drains',
      view: { ...up, nodes: [{ state: 'draining' }, { state: 'ready' }] },
      action: 'serve',
    },
    {
      name: 'serves on (and replaces nodes) when all nodes are gone',
      view: { ...up, nodes: [{ state: 'terminated' }] },
      action: 'serve',
    },
    { name: 'stays asleep without a wish', view: asleep, action: 'rest' },
    { name: 'wakes for this sleep', view: { ...asleep, wakeRequested: 3 }, action: 'wake' },
    { name: 'does not wake for an earlier sleep', view: { ...asleep, wakeRequested: 2 }, action: 'rest' },
    {
      name: 'wakes from a sleep that nobody asked for when it may no longer sleep',
      view: { ...asleep, hibernateRequested: 2, minNodes: 1 },
      action: 'wake',
    },
    { name: 'stays asleep when asked to, even if it is always on', view: { ...asleep, minNodes: 1 }, action: 'rest' },
    { name: 'pauses what is up', view: { ...up, power: 'paused' }, action: 'pause' },
    { name: 'rests once paused', view: { ...up, status: 'paused', power: 'paused' }, action: 'rest' },
    { name: 'wakes when resumed', view: { ...up, status: 'paused', nodes: [] }, action: 'wake' },
    {
      name: 'builds when resumed before it was ever up',
      view: { ...up, status: 'paused', everUp: false, nodes: [] },
      action: 'rebuild',
    },
    { name: 'rests after a failure', view: { ...up, status: 'failed', failureGeneration: 1 }, action: 'rest' },
    {
      name: 'tries this failure again when asked',
      view: { ...up, status: 'failed', failureGeneration: 1, retryRequested: 1 },
      action: 'rebuild',
    },
    {
      name: 'does not try again for an earlier failure',
      view: { ...up, status: 'failed', failureGeneration: 2, retryRequested: 1 },
      action: 'rest',
    },
    { name: 'deletes from failed', view: { ...up, status: 'failed', power: 'deleted' }, action: 'delete' },
    { name: 'goes on deleting', view: { ...up, status: 'deleting', power: 'on' }, action: 'delete' },
    { name: 'ends once deleted', view: { ...up, status: 'deleted', power: 'deleted' }, action: 'end' },
  ])('$name', ({ view, action }) => {
    expect(nextAction(view)).toBe(action);
  });

  it('lets deletion win over every other wish', () => {
    fc.assert(
      fc.property(views, (view) => {
        const action = nextAction({ ...view, power: 'deleted' });
        expect(action).toBe(view.status === 'deleted' ? 'end' : 'delete');
      }),
    );
  });

  it('only asks for what the transition table allows', () => {
    const leadsTo: Partial<Record<LifecycleAction, EndpointStatus>> = {
      'bring-up': 'up',
      wake: 'waking',
      rebuild: 'building',
      hibernate: 'hibernated',
      pause: 'paused',
      delete: 'deleting',
    };
    fc.assert(
      fc.property(views, (view) => {
        // While updating, falling asleep waits for `up`; deleting is already where delete leads.
        fc.pre(view.status !== 'updating' && view.status !== 'deleting');
        const to = leadsTo[nextAction(view)];
        if (to) expect(canTransition(view.status, to)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('never brings anything up while paused or deleted', () => {
    fc.assert(
      fc.property(views, fc.constantFrom('paused', 'deleted'), (view, power) => {
        expect(['bring-up', 'wake', 'rebuild', 'serve']).not.toContain(nextAction({ ...view, power }));
      }),
    );
  });
});

describe('isWakeLatched', () => {
  it.each([
    { wakeRequested: 0, sleepGeneration: 0, latched: false },
    { wakeRequested: 1, sleepGeneration: 2, latched: false },
    { wakeRequested: 2, sleepGeneration: 2, latched: true },
    { wakeRequested: 3, sleepGeneration: 2, latched: true },
  ])('is $latched for wake $wakeRequested during sleep $sleepGeneration', ({ latched, ...view }) => {
    expect(isWakeLatched(view)).toBe(latched);
  });
});

describe('commandEffect', () => {
  const paused: LifecycleView = { ...up, status: 'paused', power: 'paused' };
  const failed: LifecycleView = { ...up, status: 'failed', failureGeneration: 2 };
  it.each([
    { command: 'hibernate', view: up, effect: { kind: 'hibernate', sleepGeneration: 1 } },
    { command: 'hibernate', view: asleep, effect: { kind: 'noop' } },
    { command: 'hibernate', view: { ...up, status: 'building' }, effect: { kind: 'refused', code: 'endpoint_busy' } },
    { command: 'hibernate', view: { ...up, status: 'waking' }, effect: { kind: 'refused', code: 'endpoint_busy' } },
    { command: 'hibernate', view: paused, effect: { kind: 'refused', code: 'endpoint_paused' } },
    { command: 'hibernate', view: failed, effect: { kind: 'refused', code: 'endpoint_failed' } },
    { command: 'wake', view: asleep, effect: { kind: 'wake', sleepGeneration: 3 } },
    { command: 'wake', view: up, effect: { kind: 'noop' } },
    { command: 'wake', view: paused, effect: { kind: 'refused', code: 'endpoint_paused' } },
    { command: 'wake', view: failed, effect: { kind: 'refused', code: 'endpoint_failed' } },
    { command: 'pause', view: up, effect: { kind: 'power', power: 'paused' } },
    { command: 'pause', view: paused, effect: { kind: 'noop' } },
    { command: 'resume', view: paused, effect: { kind: 'power', power: 'on' } },
    { command: 'resume', view: up, effect: { kind: 'noop' } },
    { command: 'retry', view: failed, effect: { kind: 'retry', failureGeneration: 2 } },
    { command: 'retry', view: up, effect: { kind: 'noop' } },
    { command: 'delete', view: up, effect: { kind: 'power', power: 'deleted' } },
    { command: 'delete', view: paused, effect: { kind: 'power', power: 'deleted' } },
  ] as const)('$command while $view.status gives $effect.kind', ({ command, view, effect }) => {
    expect(commandEffect(command, view)).toEqual(effect);
  });

  it('takes a repeated delete as done', () => {
    expect(commandEffect('delete', { ...up, status: 'deleting', power: 'deleted' })).toEqual({ kind: 'noop' });
  });

  it('gives each wish its effect: what a command asks for is what nextAction then does', () => {
    const wished = (view: LifecycleView, command: 'hibernate' | 'wake' | 'retry'): LifecycleView => {
      const effect = commandEffect(command, view);
      if (effect.kind === 'hibernate') return { ...view, hibernateRequested: effect.sleepGeneration };
      if (effect.kind === 'wake') return { ...view, wakeRequested: effect.sleepGeneration };
      if (effect.kind === 'retry') return { ...view, retryRequested: effect.failureGeneration };
      throw new Error(`unexpected effect ${effect.kind}`);
    };
    expect(nextAction(wished(up, 'hibernate'))).toBe('hibernate');
    expect(nextAction(wished(asleep, 'wake'))).toBe('wake');
    expect(nextAction(wished(failed, 'retry'))).toBe('rebuild');
  });

  it('never brings a deleted endpoint back', () => {
    fc.assert(
      fc.property(views, fc.constantFrom(...ENDPOINT_COMMANDS), (view, command) => {
        fc.pre(command !== 'delete');
        const effect = commandEffect(command, { ...view, power: 'deleted' });
        expect(effect).toEqual({ kind: 'refused', code: 'endpoint_deleting' });
      }),
    );
  });
});

function reachable(start: EndpointStatus): Set<EndpointStatus> {
  const seen = new Set<EndpointStatus>([start]);
  for (const from of seen) for (const to of ENDPOINT_STATUSES) if (canTransition(from, to)) seen.add(to);
  return seen;
}
