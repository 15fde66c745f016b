/**
 * How an endpoint is shown to its owner: WIRE's endpoint document made of its records. Secrets are named,
 * never shown; nodes are shown without address and token.
 */
import { z } from 'zod';
import type { EndpointRecord, NodeRecord } from '../db/endpoint-document.ts';
import type { EndpointSecretName } from '../db/schema.ts';
import { type SecretBox, secretPlace } from '../db/secrets.ts';
import { badge } from '../domain/badge.ts';
import { BRING_UP_STAGES, type EndpointStatus } from '../domain/endpoint.ts';
import type { EndpointDocument } from './contract.ts';

export interface DocumentOptions {
  publicUrl: string;
  secretBox: SecretBox;
}

const MICROS = 1_000_000;
const RUNS_NODES: ReadonlySet<EndpointStatus> = new Set(['building', 'up', 'waking', 'updating']);

export function endpointDocument(
  record: EndpointRecord,
  options: DocumentOptions,
  nowMs = Date.now(),
): EndpointDocument {
  // The wish to delete is final, so it is shown before the lifecycle has taken it up.
  const status = record.power === 'deleted' ? 'deleting' : record.status;
  const degraded = status === 'up' && record.degradedReason !== null;
  return {
    id: record.id,
    name: record.name,
    model: record.spec.model,
    revision: record.spec.revision,
    status,
    badge: badge(status, degraded),
    stage: BRING_UP_STAGES.find((stage) => stage === record.stage) ?? null,
    statusReason: degraded ? record.degradedReason : record.statusReason,
    statusMessage: degraded ? (record.degradedMessage ?? record.statusMessage) : record.statusMessage,
    since: record.since.toISOString(),
    etaSeconds: record.expectedReadyAt
      ? Math.max(0, Math.ceil((record.expectedReadyAt.getTime() - nowMs) / 1000))
      : null,
    degraded,
    nodes: {
      desired: RUNS_NODES.has(status) ? Math.max(record.autoscaling.minNodes, 1) : 0,
      ready: record.nodes.filter((node) => node.state === 'ready').length,
      draining: record.nodes.filter((node) => node.state === 'draining').length,
      items: record.nodes.map(nodeDocument),
    },
    spec: specDocument(record, options.secretBox),
    sizing: record.sizing
      ? { ...record.sizing, reasons: [...record.sizing.reasons], candidates: [...record.sizing.candidates] }
      : null,
    price: {
      usdPerHour: inUsd(record.price.usdMicrosPerHour),
      currency: record.price.currency,
      costSoFar: inUsd(record.costUsdMicros),
    },
    defaultUrl: defaultUrl(options.publicUrl, record.id),
    domains: record.domains.map((domain) => ({
      domain: domain.domain,
      state: domain.state,
      createdAt: domain.createdAt.toISOString(),
      verifiedAt: domain.verifiedAt?.toISOString() ?? null,
    })),
    lastUpdate: record.lastUpdate,
    createdAt: record.createdAt.toISOString(),
    lastRequestAt: record.lastRequestAt?.toISOString() ?? null,
    workflowId: record.id,
  };
}

export function defaultUrl(publicUrl: string, endpointId: string): string {
  return `${publicUrl}/api/d/${endpointId}/chat/completions`;
}

/** Names a version of the endpoint, for conditional edits. */
export function endpointEtag(record: Pick<EndpointRecord, 'version' | 'generation'>): string {
  return `"${record.version}.${record.generation}"`;
}

/** Micro-dollars as dollars; unknown stays unknown. */
export function inUsd(micros: number | null): number | null {
  return micros === null ? null : micros / MICROS;
}

function nodeDocument(node: NodeRecord): EndpointDocument['nodes']['items'][number] {
  const { provider, tier, instanceType, region, zone } = node.candidate;
  return {
    id: node.id,
    slot: node.slot,
    generation: node.generation,
    state: node.state,
    reason: node.reason,
    provider,
    tier,
    instanceType,
    region,
    zone,
    createdAt: node.createdAt.toISOString(),
    readyAt: node.readyAt?.toISOString() ?? null,
  };
}

function specDocument(record: EndpointRecord, secretBox: SecretBox): EndpointDocument['spec'] {
  const { spec, autoscaling } = record;
  const open = (name: EndpointSecretName) => openSecret(record, secretBox, name);
  const token = open('hugging_face_token');
  return {
    model: spec.model,
    revision: spec.revision,
    provider: spec.provider,
    region: spec.region,
    tier: spec.tier,
    contextLength: spec.contextLength,
    runtimeArgs: [...spec.runtimeArgs],
    ...autoscaling,
    huggingFaceToken: {
      set: record.secrets.some((secret) => secret.name === 'hugging_face_token'),
      last4: token?.slice(-4) ?? null,
    },
    env: namesIn(open('env')),
    telemetry: record.telemetryEndpoint
      ? { otlpEndpoint: record.telemetryEndpoint, headers: namesIn(open('telemetry_headers')) }
      : null,
  };
}

/** Null when it is not set, or sealed with a key that this process does not have: never a reason not to show the rest. */
function openSecret(record: EndpointRecord, secretBox: SecretBox, name: EndpointSecretName): string | null {
  const secret = record.secrets.find((candidate) => candidate.name === name);
  if (!secret) return null;
  try {
    return secretBox.open(secret.ciphertext, secretPlace.endpoint(record.id, name));
  } catch {
    return null;
  }
}

const StoredPairs = z.record(z.string(), z.string());

function namesIn(json: string | null): string[] {
  return json === null ? [] : Object.keys(StoredPairs.parse(JSON.parse(json))).sort();
}
