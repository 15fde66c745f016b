/** The parts of the data plane and how they know of each other. No decisions here, only wiring. */
import type { Logger } from 'pino';
import type { Db } from '../../db/client.ts';
import { requestWake, touchKeys } from '../../db/routes.ts';
import type { SecretBox } from '../../db/secrets.ts';
import { LoadReporter } from '../traffic/load-reporter.ts';
import { LoadTracker } from '../traffic/load-tracker.ts';
import { LostNodes } from '../traffic/lost-nodes.ts';
import { createMonitor } from '../traffic/monitor.ts';
import { NodeWatch } from '../traffic/node-watch.ts';
import type { SessionOwners } from './authenticate.ts';
import { Balance } from './balance.ts';
import { Gate } from './gate.ts';
import { KeyTable } from './key-table.ts';
import { KeyUsage } from './key-usage.ts';
import { PROXY_TIMINGS, type ProxyOptions, type ProxyTimings } from './options.ts';
import { createRouteFeed } from './route-feed.ts';
import { RouteTable } from './route-table.ts';
import { Suspects } from './suspects.ts';
import { Upstreams } from './upstreams.ts';
import { Waker } from './wake.ts';

export interface ProxyDeps {
  db: Db;
  connectionString: string;
  secretBox: SecretBox;
  logger: Logger;
  options: ProxyOptions;
  sessionOwners: SessionOwners;
  /** Wall clock, for expiry and what is told of times. */
  nowMs?: () => number;
}

export type ProxyParts = ReturnType<typeof createParts>;

export function createParts(deps: ProxyDeps) {
  const { db, connectionString, logger, options } = deps;
  const timings: ProxyTimings = { ...PROXY_TIMINGS, ...options.timings };
  const routes = new RouteTable(deps.secretBox, (error) =>
    logger.error({ err: error }, 'the secret of a node cannot be opened'),
  );
  const keys = new KeyTable();
  const feed = createRouteFeed({ db, connectionString, logger, routes, keys, timings });
  const keyUsage = new KeyUsage({
    write: (keyIds) => touchKeys(db, keyIds),
    flushMs: timings.keyUsageFlushMs,
    eachMs: timings.keyUsageEachMs,
  });
  const upstreams = new Upstreams(timings);
  const waker = new Waker({
    request: (endpointId, sleepGeneration) => requestWake(db, endpointId, sleepGeneration),
    timeoutMs: timings.wakeWriteMs,
  });

  const loads = new LoadTracker();
  const reporter = new LoadReporter({ db, logger, loads, routeOf: (endpointId) => routes.get(endpointId), timings });
  const lostNodes = new LostNodes(db, logger, timings.reportLostMs);
  const report = lostNodes.report.bind(lostNodes);
  const nodes = new NodeWatch({
    routes: () => routes.all(),
    report,
    failuresMax: timings.nodeFailuresMax,
    timeoutMs: timings.probeMs,
  });
  const monitor = createMonitor({ db, connectionString, logger, nodes, timings });

  const gates = new Map<string, Gate>();
  const suspects = new Suspects({ routes, report, onCleared: (endpointId) => gates.get(endpointId)?.look(), timings });
  const balance = new Balance((node) => suspects.has(node));
  const gateOf = (endpointId: string): Gate => {
    let gate = gates.get(endpointId);
    if (gate) return gate;
    gate = new Gate({
      route: () => routes.get(endpointId),
      usableNodes: (route) => balance.usableCount(route),
      inFlight: () => loads.of(endpointId).inFlight,
      wake: (route) => waker.ensure(route),
      onHold: () => loads.hold(endpointId),
      onUnhold: () => loads.unhold(endpointId),
      limits: options,
    });
    gates.set(endpointId, gate);
    return gate;
  };

  routes.onChange((endpointId, route, before) => {
    upstreams.routeChanged(route, before);
    // First those who wait, so that the report of a drain already knows what was let go.
    gates.get(endpointId)?.look();
    reporter.routeChanged(endpointId, route);
    if (route) return;
    gates.delete(endpointId);
    waker.forget(endpointId);
    for (const node of before?.nodes ?? []) lostNodes.forget(node.nodeId);
  });

  const nowMs = deps.nowMs ?? Date.now;
  return {
    routes,
    keys,
    feed,
    keyUsage,
    upstreams,
    waker,
    loads,
    reporter,
    monitor,
    suspects,
    balance,
    gateOf,
    timings,
    nowMs,
  };
}
