/**
 * The traffic monitor: of all api processes, one looks for idle endpoints and dead nodes. It only ever
 * writes signals; when it dies, another takes over, and what was told twice does no harm.
 */
import type { Logger } from 'pino';
import { type Db, isConnectionError } from '../../db/client.ts';
import { LEADER_LOCKS, type Leadership, lead } from '../../db/leader.ts';
import { PROXY_LIVE_SECONDS, removeDeadProxies } from '../../db/traffic.ts';
import { signalIdle } from './idle-monitor.ts';
import type { NodeWatch } from './node-watch.ts';

export interface MonitorDeps {
  db: Db;
  connectionString: string;
  logger: Logger;
  nodes: NodeWatch;
  timings: { idleCheckMs: number; nodeCheckMs: number; settleMs: number };
}

export interface Monitor {
  start(): void;
  close(): Promise<void>;
}

export function createMonitor(deps: MonitorDeps): Monitor {
  const { db, logger, nodes, timings } = deps;
  let leadership: Leadership | undefined;
  const loops: Loop[] = [];

  /** Runs `work` again and again while this process leads, one run at a time. */
  const whileLeading = (everyMs: number, tenureMsMin: number, work: () => Promise<unknown>) =>
    startLoop(everyMs, async () => {
      const tenureMs = leadership?.tenureMs() ?? null;
      if (tenureMs === null || tenureMs < tenureMsMin) return;
      try {
        await work();
      } catch (error) {
        const level = isConnectionError(error) ? 'warn' : 'error';
        logger[level]({ err: error }, 'the traffic monitor could not look; it will look again');
      }
    });

  return {
    start() {
      leadership = lead({
        connectionString: deps.connectionString,
        lock: LEADER_LOCKS.trafficMonitor,
        onError: (error) => logger.warn({ err: error }, 'leadership of the traffic monitor is lost'),
      });
      loops.push(
        whileLeading(timings.idleCheckMs, timings.settleMs, () => signalIdle(db)),
        whileLeading(timings.nodeCheckMs, 0, () => nodes.look()),
        // After an outage of Postgres all heartbeats are old: first everybody gets the time to report.
        whileLeading(timings.nodeCheckMs, PROXY_LIVE_SECONDS * 1000, () => removeDeadProxies(db)),
      );
    },
    async close() {
      for (const loop of loops) loop.stop();
      await leadership?.close();
    },
  };
}

interface Loop {
  stop(): void;
}

function startLoop(everyMs: number, work: () => Promise<void>): Loop {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const round = async () => {
    await work();
    if (!stopped) timer = setTimeout(() => void round(), everyMs).unref();
  };
  timer = setTimeout(() => void round(), everyMs).unref();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
