/**
 * Tells Postgres what this process has in flight: a heartbeat every 2 s with all that changed, sooner when
 * an endpoint becomes busy or idle, and at once when one drains, because the lifecycle waits to hear that
 * nobody sends there any more. When Postgres is away, changes wait; the next report has the then true numbers.
 */
import { hostname } from 'node:os';
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Db } from '../../db/client.ts';
import { type LoadReport, removeProxy, reportLoads } from '../../db/traffic.ts';
import type { LoadTracker } from './load-tracker.ts';

/** What the reporter must know of a route. */
export interface ReportedRoute {
  version: number;
  nodes: readonly { state: string }[];
}

export interface LoadReporterDeps {
  db: Db;
  logger: Logger;
  loads: LoadTracker;
  routeOf: (endpointId: string) => ReportedRoute | undefined;
  timings: { heartbeatMs: number; reportSoonMs: number; reportDrainMs: number };
}

export class LoadReporter {
  readonly proxyId = `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`;
  readonly #deps: LoadReporterDeps;
  readonly #changed = new Set<string>();
  readonly #draining = new Set<string>();
  #heartbeat: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #soonAtMs = Number.POSITIVE_INFINITY;
  #sending: Promise<void> | null = null;
  #sendAgain = false;
  #started = false;

  constructor(deps: LoadReporterDeps) {
    this.#deps = deps;
    deps.loads.onChange((endpointId, edge) => {
      this.#changed.add(endpointId);
      // While a drain waits for zero, each end is news.
      if (this.#draining.has(endpointId)) this.#sendWithin(deps.timings.reportDrainMs);
      else if (edge) this.#sendWithin(deps.timings.reportSoonMs);
    });
  }

  /** A route came, changed or went. */
  routeChanged(endpointId: string, route: ReportedRoute | undefined): void {
    if (!route) {
      this.#changed.delete(endpointId);
      this.#draining.delete(endpointId);
      this.#deps.loads.forget(endpointId);
      return;
    }
    this.#changed.add(endpointId);
    if (route.nodes.some((node) => node.state === 'draining')) {
      this.#draining.add(endpointId);
      this.#sendWithin(this.#deps.timings.reportDrainMs);
    } else {
      this.#draining.delete(endpointId);
    }
  }

  /** Begins to be counted. Call it once the routes are loaded, so that the first report is a true one. */
  async start(): Promise<void> {
    this.#started = true;
    this.#heartbeat = setInterval(() => void this.#send(), this.#deps.timings.heartbeatMs).unref();
    await this.#send();
  }

  async close(): Promise<void> {
    this.#started = false;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#soon);
    await this.#sending;
    await removeProxy(this.#deps.db, this.proxyId).catch(() => {});
  }

  #sendWithin(delayMs: number): void {
    const atMs = performance.now() + delayMs;
    if (!this.#started || this.#soonAtMs <= atMs) return;
    clearTimeout(this.#soon);
    this.#soonAtMs = atMs;
    this.#soon = setTimeout(() => {
      this.#soonAtMs = Number.POSITIVE_INFINITY;
      void this.#send();
    }, delayMs);
  }

  async #send(): Promise<void> {
    if (this.#sending) {
      this.#sendAgain = true;
      return;
    }
    this.#sending = this.#report();
    await this.#sending;
    this.#sending = null;
    if (!this.#sendAgain || !this.#started) return;
    this.#sendAgain = false;
    await this.#send();
  }

  async #report(): Promise<void> {
    const { loads, routeOf, db, logger } = this.#deps;
    const nowMs = performance.now();
    const endpointIds = new Set([...this.#changed, ...this.#draining]);
    this.#changed.clear();
    const ends = new Map<string, number>();
    const reports: LoadReport[] = [];
    for (const endpointId of endpointIds) {
      const route = routeOf(endpointId);
      if (!route) continue;
      const endedAtMs = loads.takeEnd(endpointId);
      if (endedAtMs !== null) ends.set(endpointId, endedAtMs);
      const { inFlight, held } = loads.of(endpointId);
      const lastEndedAgeMs = endedAtMs === null ? null : Math.max(0, nowMs - endedAtMs);
      reports.push({ endpointId, inFlight, held, seenVersion: route.version, lastEndedAgeMs });
    }
    try {
      await reportLoads(db, this.proxyId, reports);
    } catch (error) {
      for (const endpointId of endpointIds) this.#changed.add(endpointId);
      for (const [endpointId, endedAtMs] of ends) loads.restoreEnd(endpointId, endedAtMs);
      logger.warn({ err: error }, 'the load could not be reported');
    }
  }
}
