/**
 * One inference request from the moment it is known to be good until it is answered:
 * placed → (held ⇄) forwarding → over. It may be forwarded twice, when the first node was lost before it
 * said anything. Whatever happens, what it counts (held, in flight) is uncounted exactly once.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { admission } from './admission.ts';
import { Attempt, type AttemptEvents } from './attempt.ts';
import type { Balance, UsableNode } from './balance.ts';
import { type Failure, clamp, failure } from './failure.ts';
import { type Gate, WAKE_UNAVAILABLE, type Waiter } from './gate.ts';
import type { HoldTime } from './hold-time.ts';
import { errorOfNode, headersToNode } from './node-wire.ts';
import type { ProxyTimings } from './options.ts';
import type { Reply } from './reply.ts';
import type { Route, RouteTable } from './route-table.ts';
import type { Suspects } from './suspects.ts';
import type { Operation } from './target.ts';
import type { Upstreams } from './upstreams.ts';
import { etaSeconds, stillWaiting, waitingComment, wakeFailed } from './waiting-text.ts';
import { WakeWatch } from './wake-watch.ts';
import type { LoadTracker } from '../traffic/load-tracker.ts';

export interface ExchangeDeps {
  routes: RouteTable;
  balance: Balance;
  suspects: Suspects;
  upstreams: Upstreams;
  loads: LoadTracker;
  gateOf: (endpointId: string) => Gate;
  wake: (route: Route) => Promise<void>;
  onOver: (exchange: Exchange) => void;
  timings: ProxyTimings;
  nowMs: () => number;
}

export interface InferenceRequest {
  endpointId: string;
  operation: Operation;
  body: Buffer;
  stream: boolean;
  hold: HoldTime;
  headers: IncomingHttpHeaders;
}

export const NODE_LOST = failure(
  'node_lost',
  'The node that ran this request was lost before it answered. Retry the request.',
);
const INTERRUPTED = failure(
  'upstream_interrupted',
  'The answer was cut off because the node stopped in the middle of it.',
);
const ERROR_BODY_BYTES_MAX = 64 * 1024;

export class Exchange implements Waiter, AttemptEvents {
  readonly bodyBytes: number;
  readonly #deps: ExchangeDeps;
  readonly #request: InferenceRequest;
  readonly #reply: Reply;
  readonly #gate: Gate;
  readonly #wakeWatch = new WakeWatch();
  readonly #arrivedAtMs = performance.now();
  #phase: 'placed' | 'held' | 'forwarding' | 'over' = 'placed';
  #holdTimer: NodeJS.Timeout | undefined;
  #tick: NodeJS.Timeout | undefined;
  #attempt: { it: Attempt; route: Route; node: UsableNode; status: number | null } | null = null;
  #lostOnce = false;
  /** Set when it had to wait for a node to come up. */
  #cold = false;
  #coldMs = 0;
  /** The node's error answer to a stream that has begun already; sent on as an event. */
  #errorBody: Buffer[] | null = null;

  constructor(deps: ExchangeDeps, request: InferenceRequest, reply: Reply) {
    this.#deps = deps;
    this.#request = request;
    this.#reply = reply;
    this.#gate = deps.gateOf(request.endpointId);
    this.bodyBytes = request.body.length;
  }

  start(): void {
    if (this.#reply.over) {
      this.#over(false);
      return;
    }
    this.#reply.res.on('close', () => this.#clientClosed());
    this.#reply.res.on('drain', () => this.#attempt?.it.resume());
    if (this.#request.stream) this.#tickAfter(this.#deps.timings.uncommittedMs);
    this.#place(false);
  }

  /** Ends it because this process ends. */
  shutDown(why: Failure): void {
    if (this.#phase === 'over') return;
    this.#gate.leave(this);
    this.#attempt?.it.abort();
    this.#fail(why);
  }

  get isForwarding(): boolean {
    return this.#phase === 'forwarding';
  }

  // Waiter

  look(route: Route): Failure | null {
    return this.#wakeWatch.failedBy(route) ? wakeFailed(route) : null;
  }

  release(): void {
    const route = this.#deps.routes.get(this.#request.endpointId);
    const node = route ? this.#deps.balance.pick(route) : null;
    if (route && node) this.#forward(route, node);
    else this.#place(true);
  }

  refuse(why: Failure): void {
    this.#fail(why);
  }

  // Placing and holding

  #place(returned: boolean): void {
    const { routes, balance } = this.#deps;
    const route = routes.get(this.#request.endpointId);
    const node = route ? balance.pick(route) : null;
    const verdict = admission(route, node !== null);
    if (verdict.kind === 'refuse' || !route) {
      this.#fail(verdict.kind === 'refuse' ? verdict.failure : NODE_LOST);
      return;
    }
    const goesFirst = returned || this.#gate.size === 0 || this.#request.hold.holdMs === 0;
    if (verdict.kind === 'forward' && node && goesFirst) this.#forward(route, node);
    else this.#hold(route, verdict.kind === 'hold' && verdict.wake, returned);
  }

  #hold(route: Route, wake: boolean, returned: boolean): void {
    const leftMs = this.#request.hold.holdMs - (performance.now() - this.#arrivedAtMs);
    if (leftMs <= 0 || this.#request.hold.holdMs === 0) {
      const woken = wake ? this.#deps.wake(route) : Promise.resolve();
      woken.then(
        () => this.#expire(),
        () => this.#fail(WAKE_UNAVAILABLE),
      );
      return;
    }
    this.#phase = 'held';
    this.#cold ||= this.#deps.balance.usableCount(route) === 0;
    clearTimeout(this.#holdTimer);
    this.#holdTimer = setTimeout(() => this.#expire(), leftMs);
    if (this.#gate.join(this, returned)) return;
    const retryAfterSeconds = clamp(etaSeconds(route, this.#deps.nowMs()) ?? 5, 2, 30);
    const message = `Too many requests are waiting for this endpoint to wake. Retry after ${retryAfterSeconds} s.`;
    this.#fail(failure('wake_queue_full', message, { retryAfterSeconds }));
  }

  #expire(): void {
    if (this.#phase === 'over' || this.#phase === 'forwarding') return;
    const { routes, balance, nowMs } = this.#deps;
    this.#gate.leave(this);
    const route = routes.get(this.#request.endpointId);
    const node = route ? balance.pick(route) : null;
    const verdict = admission(route, node !== null);
    if (verdict.kind === 'refuse' || !route) this.#fail(verdict.kind === 'refuse' ? verdict.failure : NODE_LOST);
    else if (verdict.kind === 'forward' && node) this.#forward(route, node);
    else this.#fail(this.#lostOnce ? NODE_LOST : stillWaiting(route, nowMs()));
  }

  // Forwarding

  #forward(route: Route, node: UsableNode): void {
    const { balance, loads, upstreams } = this.#deps;
    clearTimeout(this.#holdTimer);
    this.#phase = 'forwarding';
    if (this.#cold) this.#coldMs = Math.round(performance.now() - this.#arrivedAtMs);
    balance.begin(node);
    loads.begin(route.endpointId);
    const it = new Attempt(this);
    this.#attempt = { it, route, node, status: null };
    const { operation, body } = this.#request;
    const headers = headersToNode(this.#request.headers, node.secret, this.#reply.requestId);
    it.send(upstreams.of(node.address), { path: operation.upstreamPath, headers, body });
  }

  onHead(status: number, headers: IncomingHttpHeaders): void {
    const current = this.#attempt;
    if (!current) return;
    // 401: not the node that we meant, or not ours any more. 503: loading, so not ready after all.
    const stranger = status === 401 || status === 403;
    if (stranger || (status === 503 && !this.#lostOnce)) {
      current.it.abort();
      this.#lost(stranger);
      return;
    }
    current.status = status;
    const contentType = headers['content-type'] ?? 'application/json';
    const events = contentType.startsWith('text/event-stream');
    if (this.#reply.committed) {
      if (!events || status !== 200) this.#errorBody = [];
      return;
    }
    const out: Record<string, string> = { ...this.#endpointHeaders(), 'content-type': contentType };
    if (headers['cache-control'] !== undefined) out['cache-control'] = headers['cache-control'];
    if (headers['content-length'] !== undefined) out['content-length'] = headers['content-length'];
    this.#reply.begin(status, out, events);
    clearTimeout(this.#tick);
    if (events) this.#tickAfter(this.#deps.timings.commentMs);
  }

  onData(chunk: Buffer): void {
    if (this.#errorBody) {
      const bytes = this.#errorBody.reduce((sum, part) => sum + part.length, 0);
      if (bytes + chunk.length <= ERROR_BODY_BYTES_MAX) this.#errorBody.push(chunk);
    } else if (!this.#reply.write(chunk)) {
      this.#attempt?.it.pause();
    }
  }

  onEnd(): void {
    const status = this.#attempt?.status ?? 0;
    const wasCut = this.#reply.events && this.#request.operation.endsInDone && !this.#reply.endedInDone;
    if (this.#errorBody) this.#reply.lastEvent(errorOfNode(Buffer.concat(this.#errorBody), INTERRUPTED));
    else if (wasCut) this.#reply.interrupt(INTERRUPTED);
    else this.#reply.end();
    // What the node refused as wrong does not keep it awake.
    this.#over(status < 400 || status >= 500);
  }

  onLost(): void {
    const current = this.#attempt;
    if (!current) return;
    if (current.status === null) {
      this.#lost(false);
      return;
    }
    this.#deps.suspects.add(current.route, current.node, { stranger: false });
    this.#reply.interrupt(INTERRUPTED);
    this.#over(true);
  }

  /** The node gave nothing: once more, on another one or when there is one again. */
  #lost(stranger: boolean): void {
    const current = this.#attempt;
    if (!current) return;
    this.#deps.suspects.add(current.route, current.node, { stranger });
    this.#settle(false);
    if (this.#lostOnce) {
      this.#fail(NODE_LOST);
      return;
    }
    this.#lostOnce = true;
    this.#phase = 'placed';
    this.#place(true);
  }

  // Keeping streams alive

  #tickAfter(delayMs: number): void {
    this.#tick = setTimeout(() => this.#onTick(), delayMs);
  }

  #onTick(): void {
    const reply = this.#reply;
    const { commentMs } = this.#deps.timings;
    if (!reply.committed) {
      reply.begin(200, { ...this.#endpointHeaders(), 'content-type': 'text/event-stream' }, true);
      reply.comment(this.#comment());
      this.#tickAfter(commentMs);
      return;
    }
    const leftMs = commentMs - (performance.now() - reply.lastByteAtMs);
    if (leftMs <= 1) reply.comment(this.#comment());
    this.#tickAfter(leftMs <= 1 ? commentMs : leftMs);
  }

  #comment(): string {
    const elapsedMs = performance.now() - this.#arrivedAtMs;
    if (this.#phase === 'forwarding') return `: working elapsed=${Math.round(elapsedMs / 1000)}\n\n`;
    return waitingComment(this.#deps.routes.get(this.#request.endpointId), elapsedMs, this.#deps.nowMs());
  }

  // Ending

  #endpointHeaders(): Record<string, string> {
    const { endpointId, hold } = this.#request;
    const headers: Record<string, string> = {
      'x-endpoint-id': endpointId,
      'x-endpoint-status': this.#deps.routes.get(endpointId)?.status ?? 'deleted',
      'x-cold-start': String(this.#cold),
    };
    // Known once the wait is over; a stream that began before cannot say.
    if (this.#phase === 'forwarding') headers['x-cold-start-ms'] = String(this.#coldMs);
    if (hold.applied !== null) headers['preference-applied'] = hold.applied;
    return headers;
  }

  #fail(why: Failure): void {
    if (this.#phase === 'over') return;
    const headers = why.status === 404 ? {} : this.#endpointHeaders();
    this.#reply.fail(why, headers);
    this.#over(true);
  }

  #clientClosed(): void {
    if (this.#phase === 'over') return;
    this.#gate.leave(this);
    this.#attempt?.it.abort();
    this.#over(true);
  }

  #over(counts: boolean): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    clearTimeout(this.#holdTimer);
    clearTimeout(this.#tick);
    this.#settle(counts);
    this.#deps.onOver(this);
  }

  #settle(counts: boolean): void {
    const current = this.#attempt;
    if (!current) return;
    this.#attempt = null;
    this.#deps.balance.end(current.node);
    this.#deps.loads.end(current.route.endpointId, counts);
    this.#gate.pump();
  }
}
