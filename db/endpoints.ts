/**
 * Endpoints as their owner makes and finds them. A new one is written in one transaction with its event and
 * its outbox row, so that either all of it happened or none. Wishes about one that is there are in
 * endpoint-commands.ts; the status columns belong to the lifecycle.
 */
import { randomBytes } from 'node:crypto';
import { endpointIdFrom } from '../domain/endpoint-id.ts';
import type { Autoscaling, EndpointSpec, EndpointStatus } from '../domain/endpoint.ts';
import type { SizingPlan } from '../domain/sizing/plan.ts';
import type { Db, OwnerTx } from './client.ts';
import { appendEvent } from './events.ts';
import { enqueueSignal } from './outbox.ts';
import type { EndpointSecretName } from './schema.ts';
import { type SecretBox, secretPlace } from './secrets.ts';
import { OWNER } from './owned.ts';
import { type PageWish, afterCursor, pageOf } from './page.ts';

export interface NewEndpoint {
  ownerId: string;
  /** `user:<id>` or `key:<id>`. */
  actor: string;
  notifyEmail: string | null;
  name: string;
  spec: EndpointSpec;
  autoscaling: Autoscaling;
  pricing: { tier: string; provider: string; usdMicrosPerHour: number | null; source: string };
  /** What was quoted; null when that could not be told in time. */
  sizing: SizingPlan | null;
  customDomain: { domain: string; challengeToken: string } | null;
  telemetry: { otlpEndpoint: string } | null;
  /** In the clear; sealed here, because the place that a secret is bound to has the new id in it. */
  secrets: Partial<Record<EndpointSecretName, string>>;
}

/** Writes everything about a new endpoint and the signal that starts its lifecycle; returns the id. */
export async function insertEndpoint(tx: OwnerTx, secretBox: SecretBox, input: NewEndpoint): Promise<string> {
  const id = endpointIdFrom(randomBytes(6));
  const row = { endpoint_id: id, owner_id: input.ownerId };
  await tx
    .insertInto('endpoints')
    .values({
      id,
      owner_id: input.ownerId,
      created_by: input.actor,
      notify_email: input.notifyEmail,
      name: input.name,
      spec: JSON.stringify(input.spec),
      sizing: input.sizing ? JSON.stringify(input.sizing) : null,
      status_message: 'Waiting for the lifecycle to start.',
    })
    .execute();
  await tx
    .insertInto('autoscaling')
    .values({
      ...row,
      min_nodes: input.autoscaling.minNodes,
      max_nodes: input.autoscaling.maxNodes,
      idle_timeout_seconds: input.autoscaling.idleTimeoutSeconds,
      target_concurrency: input.autoscaling.targetConcurrency,
    })
    .execute();
  await tx
    .insertInto('pricing')
    .values({
      ...row,
      tier: input.pricing.tier,
      provider: input.pricing.provider,
      usd_micros_per_hour: input.pricing.usdMicrosPerHour,
      source: input.pricing.source,
    })
    .execute();
  if (input.customDomain) {
    const { domain, challengeToken } = input.customDomain;
    await tx
      .insertInto('custom_domains')
      .values({ ...row, domain, challenge_token: challengeToken })
      .execute();
  }
  if (input.telemetry) {
    await tx
      .insertInto('telemetry_settings')
      .values({ ...row, otlp_endpoint: input.telemetry.otlpEndpoint })
      .execute();
  }
  for (const [name, plaintext] of Object.entries(input.secrets) as [EndpointSecretName, string][]) {
    const ciphertext = secretBox.seal(plaintext, secretPlace.endpoint(id, name));
    await tx
      .insertInto('endpoint_secrets')
      .values({ ...row, name, ciphertext })
      .execute();
  }
  await appendEvent(tx, {
    endpointId: id,
    ownerId: input.ownerId,
    type: 'command',
    actor: input.actor,
    message: `Provisioning of ${input.spec.model} was asked for.`,
    toStatus: 'building',
  });
  await enqueueSignal(tx, { endpointId: id, signal: 'start' });
  return id;
}

/** Whether all of these are endpoints of the owner that are not deleted; returns those that are not. */
export async function unknownEndpointIds(tx: OwnerTx, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await tx
    .selectFrom('endpoints')
    .select('id')
    .where('id', 'in', [...ids])
    .where('owner_id', '=', OWNER)
    .where('status', '!=', 'deleted')
    .execute();
  const known = new Set(rows.map((row) => row.id));
  return ids.filter((id) => !known.has(id));
}

/** Whether the owner has this endpoint and it is not deleted. */
export async function endpointExists(tx: OwnerTx, id: string): Promise<boolean> {
  return (await unknownEndpointIds(tx, [id])).length === 0;
}

/** One page of ids, newest first. The cursor is the last id of the page before. */
export async function listEndpointIds(tx: OwnerTx, page: PageWish): Promise<{ ids: string[]; nextId: string | null }> {
  const found = await tx
    .selectFrom('endpoints')
    .select('id')
    .where('deleted_at', 'is', null)
    .where('status', '!=', 'deleted')
    .where('owner_id', '=', OWNER)
    .where(afterCursor('endpoints', page.afterId))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
  const { rows, nextId } = pageOf(found, page.limit);
  return { ids: rows.map((row) => row.id), nextId };
}

/** What the lifecycle client puts beside a workflow for its readers; null when there is nothing left to run. */
export interface LifecycleBrief {
  ownerId: string;
  name: string;
  model: string;
  status: EndpointStatus;
}

export async function readLifecycleBrief(db: Db, id: string): Promise<LifecycleBrief | null> {
  const row = await db
    .selectFrom('endpoints')
    .select(['owner_id', 'name', 'spec', 'status'])
    .where('id', '=', id)
    .where('status', '!=', 'deleted')
    .executeTakeFirst();
  return row ? { ownerId: row.owner_id, name: row.name, model: row.spec.model, status: row.status } : null;
}
