/** What the routes work with; made once in server.ts, and by tests. */
import type { Db } from '../db/client.ts';
import type { SecretBox } from '../db/secrets.ts';
import type { GpuOffer } from '../domain/sizing/data/gpu-offers.ts';
import type { ModelReader } from '../hub/model-reader.ts';
import type { Logger } from '../log.ts';
import type { Changes } from './changes.ts';
import type { LifecycleClient } from './lifecycle-client.ts';
import type { Auth } from './session.ts';

/** What the control plane asks of the data plane; see api/proxy. */
export interface DataPlane {
  /** Null until the routes have been loaded once. */
  status(): { routeTableAgeMs: number | null };
}

export interface RouteDeps {
  db: Db;
  secretBox: SecretBox;
  logger: Logger;
  auth: Auth;
  publicUrl: string;
  changes: Changes;
  outbox: { poke(): void };
  lifecycle: Pick<LifecycleClient, 'isReachable'>;
  /** What the Hub says of models. */
  models: ModelReader;
  /** The price list, with the operator's own prices over it. */
  offers: readonly GpuOffer[];
  /** What all nodes of an endpoint together may cost per hour without its owner's word; null for no limit. */
  limitUsdMicrosPerHour: number | null;
  /** Null where this process serves no data plane. */
  dataPlane: DataPlane | null;
  /** Temporal's Web UI, where this process knows it. */
  temporalUi?: { uiUrl: string; namespace: string } | null;
  /** Aborted when the process starts to close: whatever waits, ends. */
  closing: AbortSignal;
}

export interface AppDeps extends RouteDeps {
  allowedHosts: readonly string[];
  clientIpHeader: string | null;
  checkAnswers?: boolean;
}
