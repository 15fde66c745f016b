/** Every number that the data plane waits or counts by, in one place; tests make them small. */
import type { Config } from '../../config.ts';

export const PROXY_TIMINGS = {
  /** How long a stream's status stays open, so that a failure can still be an HTTP status. */
  uncommittedMs: 10_000,
  /** No event stream is silent for longer: load balancers cut silent connections. */
  commentMs: 10_000,
  holdMs: 240_000,
  holdStreamMs: 600_000,
  /** A silent request from Node's own fetch dies at 300 s. */
  holdMsMax: 290_000,
  holdStreamMsMax: 900_000,
  connectMs: 3_000,
  /** Below the 5 s after which llama.cpp and vLLM close an idle connection. */
  keepAliveMs: 4_000,
  /** The slow poll behind the notifications. */
  refreshMs: 10_000,
  /** How long an unknown id or key is looked for in Postgres before it is refused. */
  lookUpMs: 1_000,
  /** How long a wake may take to be written before the caller hears `wake_unavailable`. */
  wakeWriteMs: 5_000,
  suspectProbeMs: 1_000,
  probeMs: 3_000,
  /** A lost node is reported at most this often while it stays lost. */
  reportLostMs: 15_000,
  /** After a 413, how long the rest of the body is read and dropped so that the client sees the answer. */
  lingerMs: 2_000,
  keyUsageFlushMs: 5_000,
  keyUsageEachMs: 60_000,
  heartbeatMs: 2_000,
  /** How soon the others hear that an endpoint became busy or idle. */
  reportSoonMs: 150,
  /** How soon the lifecycle hears that a drain was seen. */
  reportDrainMs: 20,
  idleCheckMs: 1_000,
  nodeCheckMs: 2_000,
  nodeFailuresMax: 3,
  /** A new leader first lets all proxies report, then judges idleness. */
  settleMs: 5_000,
} as const;

export type ProxyTimings = { [name in keyof typeof PROXY_TIMINGS]: number };

export type ProxyOptions = Config['proxy'] &
  Pick<Config, 'publicUrl' | 'allowedHosts'> & { timings?: Partial<ProxyTimings> };
