/**
 * The endpoint: what an owner asks for (spec) and what is (status).
 *
 * `domain/` is pure: no I/O, no clock, no randomness, no imports from other folders. Everything here
 * is shared by the API, the workflow and the dashboard, so that each rule exists once.
 */

/** What is, as recorded by the lifecycle. The dashboard shows it as a badge (see badge.ts). */
export const ENDPOINT_STATUSES = [
  'building',
  'up',
  'hibernated',
  'waking',
  'updating',
  'paused',
  'failed',
  'deleting',
  'deleted',
] as const;
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number];

/** How far a bring-up has come. Only set while building, waking or updating. */
export const BRING_UP_STAGES = [
  'sizing',
  'allocating',
  'waiting_capacity',
  'booting',
  'pulling_image',
  'downloading_weights',
  'loading',
  'health_check',
  'registering',
] as const;
export type BringUpStage = (typeof BRING_UP_STAGES)[number];

/** What the owner wants the endpoint to be, beside its spec. Deleted is final. */
export type Power = 'on' | 'paused' | 'deleted';

export type ProviderName = 'local' | 'aws' | 'gcp';

/**
 * What the owner asked for, as stored in `endpoints.spec`. Secrets (Hub token, env values, telemetry
 * headers) never live here: they are encrypted rows of their own.
 */
export interface EndpointSpec {
  model: string;
  /** A branch, tag or commit of the model repository; null means the default branch. */
  revision: string | null;
  provider: ProviderName | 'auto';
  region: string | null;
  tier: string | null;
  contextLength: number | null;
  runtimeArgs: string[];
  /**
   * What its owner agreed to pay for a node at most: the installation's limit, unless they said yes to more. Null for
   * any price; absent in what was stored before it existed.
   */
  usdMicrosPerNodeHourMax?: number | null;
}

/** How many nodes, and when none. `targetConcurrency` is requests in flight per node. */
export interface Autoscaling {
  minNodes: number;
  maxNodes: number;
  idleTimeoutSeconds: number;
  targetConcurrency: number;
}

export const DEFAULT_IDLE_TIMEOUT_SECONDS = 3600;
export const DEFAULT_TARGET_CONCURRENCY = 4;
/** The shortest idle timeout that makes sense per provider: a cloud bring-up takes minutes. */
export const IDLE_TIMEOUT_SECONDS_MIN: Record<ProviderName, number> = { local: 5, aws: 60, gcp: 60 };

/**
 * The life of one node (one replica on one machine).
 * intent → launching → starting → ready ⇄ draining → stopping → stopped → starting …
 * anything → releasing → terminated.
 */
export const NODE_STATES = [
  'intent',
  'launching',
  'starting',
  'ready',
  'draining',
  'stopping',
  'stopped',
  'releasing',
  'terminated',
] as const;
export type NodeState = (typeof NODE_STATES)[number];

/** One place where a node may be launched; sizing orders them, the lifecycle tries them in turn. */
export interface PlacementCandidate {
  provider: ProviderName;
  tier: string;
  instanceType: string;
  region: string;
  zone: string | null;
  purchaseOption: 'on_demand' | 'spot';
  /** Micro-dollars per hour; null when the price is unknown (never 0 for unknown). */
  usdMicrosPerHour: number | null;
}
