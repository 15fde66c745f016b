/** Rows to start a test from: an owner, an endpoint, its nodes. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from '../../db/client.ts';
import { SecretBox } from '../../db/secrets.ts';
import { BUILTIN_MODEL } from '../../domain/builtin-model.ts';
import type { EndpointStatus, PlacementCandidate, Power } from '../../domain/endpoint.ts';
import { endpointIdFrom } from '../../domain/endpoint-id.ts';
import type { SizingPlan } from '../../domain/sizing/plan.ts';

export const testBox = new SecretBox([Buffer.alloc(32, 7)]);

export const HERE: PlacementCandidate = {
  provider: 'local',
  tier: 'local-cpu',
  instanceType: 'this-machine',
  region: 'local',
  zone: null,
  purchaseOption: 'on_demand',
  usdMicrosPerHour: 0,
};

export const PLAN: SizingPlan = {
  model: BUILTIN_MODEL.id,
  revision: null,
  source: 'builtin',
  tier: 'local-cpu',
  tensorParallel: 1,
  weightsBytes: 1,
  kvCacheBytes: 1,
  overheadBytes: 1,
  requiredMemoryBytes: 3,
  usableMemoryBytes: 10,
  contextLength: 512,
  concurrency: 2,
  volumeGiB: 1,
  files: [],
  candidates: [HERE],
  reasons: [],
};

export async function seedOwner(db: Db): Promise<string> {
  const id = `org-${randomBytes(6).toString('hex')}`;
  await db
    .insertInto('organization')
    .values({ id, name: id, slug: id, createdAt: new Date(), metadata: null })
    .execute();
  return id;
}

export interface SeedEndpoint {
  status?: EndpointStatus;
  power?: Power;
  minNodes?: number;
  idleTimeoutSeconds?: number;
  /** How long it has been in its status. */
  sinceSecondsAgo?: number;
  sized?: boolean;
  notifyEmail?: string | null;
}

export async function seedEndpoint(db: Db, ownerId: string, seed: SeedEndpoint = {}): Promise<string> {
  const id = endpointIdFrom(randomBytes(6));
  const status = seed.status ?? 'building';
  await db
    .insertInto('endpoints')
    .values({
      id,
      owner_id: ownerId,
      created_by: 'user:test',
      notify_email: seed.notifyEmail === undefined ? 'owner@example.com' : seed.notifyEmail,
      name: 'test',
      spec: JSON.stringify({
        model: BUILTIN_MODEL.id,
        revision: null,
        provider: 'auto',
        region: null,
        tier: null,
        contextLength: null,
        runtimeArgs: [],
      }),
      status,
      power: seed.power ?? 'on',
      since: sql`clock_timestamp() - make_interval(secs => ${seed.sinceSecondsAgo ?? 0})`,
      first_up_at: status === 'building' || status === 'failed' ? null : new Date(),
      sizing: seed.sized === false ? null : JSON.stringify(PLAN),
    })
    .execute();
  await db
    .insertInto('autoscaling')
    .values({
      endpoint_id: id,
      owner_id: ownerId,
      min_nodes: seed.minNodes ?? 0,
      max_nodes: Math.max(1, seed.minNodes ?? 0),
      idle_timeout_seconds: seed.idleTimeoutSeconds ?? 5,
      target_concurrency: 2,
    })
    .execute();
  return id;
}
