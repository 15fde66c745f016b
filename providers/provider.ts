/**
 * Where nodes come from. One interface, one folder per provider (local, aws, gcp), and one list of
 * behaviours that each of them must show (contract-checks.ts).
 *
 * Rules for implementations:
 * - `launch` is idempotent by token: the same token never gives a second machine, whatever was lost.
 * - The caller has written the intent before it calls; the provider need not remember anything else.
 * - A node that cannot be found right after its launch is "not yet visible", not gone: see `describe`.
 * - `release` has ended only when the provider's own truth says so.
 * - Failures are ProviderErrors of a class that tells the lifecycle what to do; anything else is a bug.
 */
import type { BringUpStage, PlacementCandidate, ProviderName } from '../domain/endpoint.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { WeightsFile } from '../domain/sizing/plan.ts';

/** Everything a node must know to serve. Secrets are in the clear here, so a NodeSpec is never stored or logged. */
export interface NodeSpec {
  installationId: string;
  endpointId: string;
  nodeId: string;
  /** Idempotency token, derived from (endpoint, generation, slot, epoch, candidate): 64 hex digits. */
  token: string;
  generation: number;
  candidate: PlacementCandidate;
  model: string;
  revision: string | null;
  files: readonly WeightsFile[];
  contextLength: number;
  concurrency: number;
  runtimeArgs: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Bearer secret that the runtime demands; one per node. */
  secret: string;
  huggingFaceToken: string | null;
}

export type MachineState = 'pending' | 'running' | 'stopping' | 'stopped' | 'releasing' | 'terminated' | 'unknown';

/** The provider's truth about one node. */
export interface NodeObservation {
  nodeId: string;
  endpointId: string;
  token: string;
  /** The provider's own name: instance id, process folder. */
  ref: string;
  state: MachineState;
  /** Base URL of the runtime, e.g. `http://127.0.0.1:40123`; null until known. Re-read after every start. */
  address: string | null;
  /** What the node itself reports of its bring-up, where it can. */
  report: NodeReport | null;
  /** ISO times from the provider's truth; billing follows them. */
  launchedAt: string;
  startedAt: string | null;
  stoppedAt: string | null;
  /** Whether a stopped machine was told to stop, or ended by itself (crash, reclaim); null while it runs. */
  stoppedBy: 'order' | 'itself' | null;
}

export interface NodeReport {
  stage: BringUpStage;
  /** 0…1 within the stage, when known. */
  progress: number | null;
  /** Set when the node gave up for a reason that trying again will not cure. */
  failure: { code: ErrorCode; message: string } | null;
}

export interface CapacityProvider {
  readonly name: ProviderName;
  /** Gets what launches need (downloads, credentials check). Idempotent; called at worker boot. */
  prepare(): Promise<void>;
  /** Launches a node, or returns the one that this token already has. */
  launch(spec: NodeSpec): Promise<NodeObservation>;
  /** Null when the provider has nothing by that token (yet, or any more). */
  describe(token: string): Promise<NodeObservation | null>;
  /** Stops the machine and keeps its disk. Returns once it is stopped. Safe to repeat. */
  stop(token: string, graceSeconds: number): Promise<NodeObservation | null>;
  /** Starts a stopped node again; the address may change. A running node is left alone. */
  start(spec: NodeSpec): Promise<NodeObservation>;
  /** Removes the machine and all that belongs to it. Returns once it is gone. Safe to repeat. */
  release(token: string): Promise<void>;
  /** Everything of this installation that exists, stopped or running. */
  list(installationId: string): Promise<NodeObservation[]>;
  /** The runtime's last output lines, oldest first, secrets redacted. */
  logs(token: string, linesMax: number): Promise<string[]>;
}

/** What the lifecycle does about a failure: next candidate, other region, back off in place, or give up. */
export type ProviderErrorClass = 'capacity' | 'quota' | 'throttle' | 'transient' | 'fatal';

export class ProviderError extends Error {
  readonly errorClass: ProviderErrorClass;
  readonly code: ErrorCode;

  constructor(errorClass: ProviderErrorClass, code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'ProviderError';
    this.errorClass = errorClass;
    this.code = code;
  }
}
