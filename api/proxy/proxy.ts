/**
 * The data plane: passes OpenAI requests to the nodes of an endpoint, holds them while it wakes, and lets
 * nobody else near a node. It sits on the HTTP server before Express, keyed by the endpoint id in the path.
 *
 * It works from memory: Postgres and Temporal may be away and what is up is still served. What needs them
 * (waking a sleeper) fails with a code that says so. Nothing here is kept: after a restart the tables are
 * read again, and clients whose requests were cut try again.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Exchange } from './exchange.ts';
import { failure } from './failure.ts';
import { createFront } from './front.ts';
import { type ProxyDeps, createParts } from './parts.ts';
import { PREFIX } from './target.ts';

export type { ProxyDeps };

export interface ProxyStatus {
  /** Null until the routes have been loaded once. */
  routeTableAgeMs: number | null;
  inFlight: number;
  held: number;
}

export interface Proxy {
  /** True for requests of the data plane; all others are for Express. */
  handles(req: IncomingMessage): boolean;
  handle(req: IncomingMessage, res: ServerResponse): void;
  /** Resolves once the routes are loaded. Until then requests are asked to come again. */
  start(): Promise<void>;
  /** Takes no more, sends those who wait elsewhere, and lets what runs end until the deadline. */
  drain(deadlineMs: number): Promise<void>;
  close(): Promise<void>;
  status(): ProxyStatus;
}

const DRAIN_POLL_MS = 20;
const RESTARTING = failure('endpoint_waking', 'This server is restarting. Retry now; the endpoint goes on waking.', {
  retryAfterSeconds: 1,
});
const CUT_BY_RESTART = failure('upstream_interrupted', 'The answer was cut off because the server is restarting.');

export function createProxy(deps: ProxyDeps): Proxy {
  const parts = createParts(deps);
  const { feed, reporter, monitor, loads, suspects, keyUsage, upstreams, timings, nowMs } = parts;
  const { publicUrl, allowedHosts } = deps.options;
  const exchanges = new Set<Exchange>();
  let draining = false;

  const exchangeDeps = {
    ...parts,
    wake: parts.waker.ensure.bind(parts.waker),
    onOver: (exchange: Exchange) => exchanges.delete(exchange),
  };
  const front = createFront({
    authenticator: {
      keys: parts.keys,
      sessionOwners: deps.sessionOwners,
      lookUpKey: feed.lookUpKey,
      origins: originsOf(publicUrl, allowedHosts),
      nowMs,
    },
    keyUsage,
    routes: parts.routes,
    lookUpRoute: feed.lookUpRoute,
    isLoaded: () => feed.ageMs() !== null,
    isDraining: () => draining,
    begin(request, reply) {
      const exchange = new Exchange(exchangeDeps, request, reply);
      exchanges.add(exchange);
      exchange.start();
    },
    allowedHosts: new Set(allowedHosts),
    options: deps.options,
    timings,
    nowMs,
  });
  const endAll = () => {
    for (const exchange of [...exchanges]) exchange.shutDown(exchange.isForwarding ? CUT_BY_RESTART : RESTARTING);
  };

  return {
    handles: (req) => req.url?.startsWith(PREFIX) === true,
    handle: front,
    async start() {
      await feed.start();
      await reporter.start();
      monitor.start();
    },
    async drain(deadlineMs) {
      draining = true;
      for (const exchange of [...exchanges]) if (!exchange.isForwarding) exchange.shutDown(RESTARTING);
      const giveUpAtMs = performance.now() + deadlineMs;
      while (exchanges.size > 0 && performance.now() < giveUpAtMs)
        await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
      endAll();
    },
    async close() {
      draining = true;
      endAll();
      suspects.close();
      keyUsage.close();
      await Promise.all([monitor.close(), feed.close(), upstreams.close()]);
      await reporter.close();
    },
    status: () => ({ routeTableAgeMs: feed.ageMs(), inFlight: loads.inFlightTotal, held: loads.heldTotal }),
  };
}

/** Pages that we serve ourselves: the public one, and the names that this server answers to. */
function originsOf(publicUrl: string, allowedHosts: readonly string[]): Set<string> {
  const { origin, protocol } = new URL(publicUrl);
  return new Set([origin, ...allowedHosts.map((host) => `${protocol}//${host}`)].map((it) => it.toLowerCase()));
}
