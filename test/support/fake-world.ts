/**
 * The activities on records in memory, for workflow tests under skipped time: the same rules from
 * `domain/`, no database, no machines. What a test wants to go wrong it scripts; what must hold, it reads.
 */
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { FailureClass } from '../../activities/failures.ts';
import type { DrainOutcome } from '../../activities/hibernation.ts';
import type { Activities } from '../../activities/index.ts';
import type { EndpointView } from '../../activities/read-endpoint.ts';
import type { EndpointStatus, NodeState } from '../../domain/endpoint.ts';
import { canTransition, isWakeLatched } from '../../domain/lifecycle.ts';

export interface FakeNode {
  nodeId: string;
  slot: number;
  state: NodeState;
  /** The provider's truth, which the records only follow. */
  machine: 'none' | 'running' | 'stopped';
}

export type Scripted = { code: string; errorClass: FailureClass; message?: string };

export class FakeWorld {
  readonly endpointId: string;
  status: EndpointStatus = 'building';
  power: 'on' | 'paused' | 'deleted' = 'on';
  minNodes = 0;
  everUp = false;
  sleepGeneration = 0;
  wakeRequested = 0;
  hibernateRequested = 0;
  failureGeneration = 0;
  retryRequested = 0;
  forceDelete = false;
  sized = false;
  degraded: string | null = null;
  reason: string | null = null;
  message = '';
  nodes: FakeNode[] = [];
  /** Every transition, in order. */
  readonly history: string[] = ['building'];
  readonly mails: string[] = [];
  readonly attempts: string[] = [];
  candidates = 1;
  limits = { bringUpDeadlineSeconds: 600, drainDeadlineSeconds: 60, nodeStopGraceSeconds: 5, selfCheckSeconds: 300 };
  /** Failures that the next calls meet, oldest first. */
  readonly failing: Partial<Record<keyof Activities, Scripted[]>> = {};
  /** Activities that hang until cancelled, or taken out of this set. */
  readonly hanging = new Set<keyof Activities>();
  /** Activities that hang at this moment, or did. */
  readonly hung = new Set<keyof Activities>();
  /** How often each activity was called. */
  readonly calls = new Map<keyof Activities, number>();
  /** The provider cannot be asked how its machines are. */
  providerAway = false;
  /** What the traffic says: true lets an idle look succeed. */
  idle = false;
  /** Called when a drain waits; returns its outcome once it has one. */
  drainOutcome: (mayStayUp: boolean) => DrainOutcome | null = () => 'drained';
  #epoch = 0;

  constructor(endpointId: string) {
    this.endpointId = endpointId;
  }

  get running(): number {
    return this.nodes.filter((node) => node.machine === 'running').length;
  }

  get existing(): number {
    return this.nodes.filter((node) => node.machine !== 'none').length;
  }

  view(): EndpointView {
    return {
      endpointId: this.endpointId,
      name: 'test',
      status: this.status,
      statusReason: this.reason,
      statusMessage: this.message,
      power: this.power,
      minNodes: this.minNodes,
      everUp: this.everUp,
      sleepGeneration: this.sleepGeneration,
      wakeRequested: this.wakeRequested,
      hibernateRequested: this.hibernateRequested,
      failureGeneration: this.failureGeneration,
      retryRequested: this.retryRequested,
      model: 'org/model',
      generation: 1,
      forceDelete: this.forceDelete,
      placement: this.sized ? { tier: 'local-cpu', provider: 'local', candidates: this.candidates } : null,
      desiredNodes: Math.max(1, this.minNodes),
      degraded: this.degraded !== null,
      nodes: this.nodes
        .filter((node) => node.state !== 'terminated')
        .map(({ nodeId, slot, state }) => ({ nodeId, slot, state })),
      limits: this.limits,
    };
  }

  activities(): Activities {
    const step =
      <K extends keyof Activities>(name: K, run: (...args: Parameters<Activities[K]>) => unknown) =>
      async (...args: Parameters<Activities[K]>) => {
        this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
        await this.#meetScript(name);
        return run(...args);
      };
    return {
      readEndpoint: async () => this.view(),
      recordStatus: step('recordStatus', (change) => this.#transition(change)),
      recordStage: step('recordStage', () => undefined),
      recordAttempt: step('recordAttempt', ({ reason }) => void this.attempts.push(reason)),
      recordDegraded: step('recordDegraded', ({ degraded }) => {
        this.degraded = degraded?.reason ?? null;
      }),
      sizeModel: step('sizeModel', () => {
        this.sized = true;
        return {
          tier: 'local-cpu',
          provider: 'local',
          candidates: this.candidates,
          requiredMemoryBytes: 1,
          reasons: [],
        };
      }),
      allocateNode: step('allocateNode', ({ slot }) => this.#allocate(slot)),
      provisionNode: step('provisionNode', ({ nodeId }) => {
        this.#node(nodeId).machine = 'running';
        this.#node(nodeId).state = 'starting';
        return { ref: nodeId };
      }),
      awaitNodeReady: step('awaitNodeReady', () => undefined),
      registerEndpoint: step('registerEndpoint', ({ nodeId }) => {
        this.#node(nodeId).state = 'ready';
      }),
      inspectNodes: step('inspectNodes', () =>
        this.nodes
          .filter((node) => node.state === 'ready')
          .map(({ nodeId, slot, machine }) => ({
            nodeId,
            slot,
            verdict: this.providerAway ? 'unknown' : machine === 'running' ? 'healthy' : 'gone',
          })),
      ),
      beginHibernation: step('beginHibernation', () => this.#beginHibernation()),
      beginDrain: step('beginDrain', () => {
        for (const node of this.nodes) if (node.state === 'ready') node.state = 'draining';
        return { version: 1 };
      }),
      cancelHibernation: step('cancelHibernation', () => {
        const draining = this.nodes.filter((node) => node.state === 'draining');
        for (const node of draining) node.state = 'ready';
        return draining.length > 0;
      }),
      awaitDrained: step('awaitDrained', ({ mayStayUp }) => this.#awaitDrained(mayStayUp)),
      stopNode: step('stopNode', ({ nodeId }) => {
        const node = this.#node(nodeId);
        node.machine = node.machine === 'none' ? 'none' : 'stopped';
        node.state = 'stopped';
      }),
      releaseNode: step('releaseNode', ({ nodeId }) => this.#release(this.#node(nodeId))),
      releaseSlot: step('releaseSlot', ({ slot }) => {
        for (const node of this.nodes) if (node.slot === slot && node.state !== 'terminated') this.#release(node);
      }),
      deliverMail: step('deliverMail', ({ mailId }) => void this.mails.push(mailId.replace(/-\d+$/, ''))),
      reapOrphans: step('reapOrphans', () => ({ orphans: [], lifecyclesStarted: [], lifecyclesLost: [] })),
    } as Activities;
  }

  async #meetScript(name: keyof Activities): Promise<void> {
    while (this.hanging.has(name)) {
      this.hung.add(name);
      await Context.current().sleep(20);
    }
    const failure = this.failing[name]?.shift();
    if (!failure) return;
    throw ApplicationFailure.create({
      type: failure.code,
      message: failure.message ?? `scripted ${failure.code}`,
      nonRetryable: failure.errorClass !== 'transient' && failure.errorClass !== 'throttle',
      details: [{ errorClass: failure.errorClass }],
    });
  }

  #transition(change: Parameters<Activities['recordStatus']>[0]) {
    const none = { recorded: false, status: this.status, mailId: null };
    if (this.status === change.to || !change.from.includes(this.status) || !canTransition(this.status, change.to))
      return none;
    if (change.to === 'up' && this.power !== 'on') return none;
    if (change.to === 'hibernated') {
      const present = this.status === 'waking' ? this.sleepGeneration + 1 : this.sleepGeneration;
      this.sleepGeneration = Math.max(present, this.hibernateRequested, 1);
    }
    if (change.to === 'failed') this.failureGeneration += 1;
    if (change.to === 'up') this.everUp = true;
    this.status = change.to;
    this.reason = change.reason;
    this.message = change.message;
    this.history.push(change.to);
    return {
      recorded: true,
      status: this.status,
      mailId: change.mail ? `${change.mail}-${this.history.length}` : null,
    };
  }

  #allocate(slot: number) {
    const live = this.nodes.find((node) => node.slot === slot && node.state !== 'terminated');
    if (live) return { nodeId: live.nodeId, state: live.state, fresh: false };
    const node: FakeNode = { nodeId: `node-${slot}-${this.#epoch++}`, slot, state: 'intent', machine: 'none' };
    this.nodes.push(node);
    return { nodeId: node.nodeId, state: node.state, fresh: true };
  }

  #beginHibernation() {
    const live = this.nodes.filter((node) => node.state !== 'terminated');
    const no = { begun: false, sleepGeneration: this.sleepGeneration, version: 1 };
    if (this.status !== 'up' || this.power !== 'on' || live.length === 0) return no;
    if (live.every((node) => ['draining', 'stopping', 'stopped'].includes(node.state))) return { ...no, begun: true };
    if (this.hibernateRequested <= this.sleepGeneration && !(this.idle && this.minNodes === 0)) return no;
    this.sleepGeneration += 1;
    this.idle = false;
    for (const node of live) if (node.state === 'ready') node.state = 'draining';
    return { begun: true, sleepGeneration: this.sleepGeneration, version: 2 };
  }

  async #awaitDrained(mayStayUp: boolean) {
    for (;;) {
      if (mayStayUp && isWakeLatched(this)) return 'wake-requested';
      const outcome = this.drainOutcome(mayStayUp);
      if (outcome) return outcome;
      await Context.current().sleep(20);
    }
  }

  #release(node: FakeNode): void {
    node.machine = 'none';
    node.state = 'terminated';
  }

  #node(nodeId: string): FakeNode {
    const node = this.nodes.find((candidate) => candidate.nodeId === nodeId);
    if (!node) throw new Error(`no node ${nodeId}`);
    return node;
  }
}
