import type { Db } from '../db/client.ts';
import type { SecretBox } from '../db/secrets.ts';
import type { ProviderName } from '../domain/endpoint.ts';
import type { GpuOffer } from '../domain/sizing/data/gpu-offers.ts';
import type { MachineMemory } from '../domain/sizing/plan.ts';
import type { ModelReader } from '../hub/model-reader.ts';
import type { CapacityProvider } from '../providers/provider.ts';
import type { FaultPoint } from './fault-points.ts';
import type { LifecycleDirectory } from './lifecycle-directory.ts';
import type { Mailer } from './mail/mailer.ts';

/** What activities work with; built once in worker/deps.ts, replaced piecewise in tests. */
export interface ActivityDeps {
  db: Db;
  secretBox: SecretBox;
  installationId: string;
  providers: ReadonlyMap<ProviderName, CapacityProvider>;
  localMachine: () => MachineMemory;
  models: ModelReader;
  /** The price list, with the operator's own prices over it. */
  offers: readonly GpuOffer[];
  mailer: Mailer;
  lifecycles: LifecycleDirectory;
  publicUrl: string;
  limits: Limits;
  reaper: { graceSeconds: number; mode: 'enforce' | 'report' };
  faultPoint: FaultPoint;
}

/** Bounds of the lifecycle, handed to the workflow with each view. */
export interface Limits {
  bringUpDeadlineSeconds: number;
  drainDeadlineSeconds: number;
  nodeStopGraceSeconds: number;
  selfCheckSeconds: number;
}

/** The provider of a node. @throws Error when this worker has none by that name */
export function providerOf(deps: ActivityDeps, name: ProviderName): CapacityProvider {
  const provider = deps.providers.get(name);
  if (!provider) throw new Error(`this worker has no provider "${name}"`);
  return provider;
}
