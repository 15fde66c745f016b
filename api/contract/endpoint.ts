/** The endpoint document, the list of them, and the answers to commands. */
import { z } from 'zod';
import { BRING_UP_STAGES, ENDPOINT_STATUSES, NODE_STATES } from '../../domain/endpoint.ts';
import { HuggingFaceToken, Timestamp, listOf, pageQuery } from './common.ts';

const Candidate = z.object({
  provider: z.enum(['local', 'aws', 'gcp']),
  tier: z.string(),
  instanceType: z.string(),
  region: z.string(),
  zone: z.string().nullable(),
  purchaseOption: z.enum(['on_demand', 'spot']),
  usdMicrosPerHour: z.number().nullable(),
});

const Node = z.strictObject({
  id: z.string(),
  slot: z.int(),
  generation: z.int(),
  state: z.enum(NODE_STATES),
  reason: z.string().nullable(),
  provider: z.string(),
  tier: z.string(),
  instanceType: z.string(),
  region: z.string(),
  zone: z.string().nullable(),
  createdAt: Timestamp,
  readyAt: Timestamp.nullable(),
});

const SecretMark = z.strictObject({ set: z.boolean(), last4: z.string().nullable() });

const Spec = z.strictObject({
  model: z.string(),
  revision: z.string().nullable(),
  provider: z.enum(['auto', 'local', 'aws', 'gcp']),
  region: z.string().nullable(),
  tier: z.string().nullable(),
  contextLength: z.int().nullable(),
  runtimeArgs: z.array(z.string()),
  minNodes: z.int(),
  maxNodes: z.int(),
  idleTimeoutSeconds: z.int(),
  targetConcurrency: z.int(),
  huggingFaceToken: SecretMark,
  env: z.array(z.string()).meta({ description: 'Names only; the values are secret.' }),
  telemetry: z
    .strictObject({
      otlpEndpoint: z.string(),
      headers: z.array(z.string()).meta({ description: 'Names only; the values are secret.' }),
    })
    .nullable(),
});

const Sizing = z.looseObject({
  source: z.string(),
  tier: z.string(),
  requiredMemoryBytes: z.number(),
  usableMemoryBytes: z.number(),
  reasons: z.array(z.string()),
  candidates: z.array(Candidate).optional(),
});

export const EndpointDocument = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    model: z.string(),
    revision: z.string().nullable(),
    status: z.enum(ENDPOINT_STATUSES),
    badge: z.string(),
    stage: z.enum(BRING_UP_STAGES).nullable(),
    statusReason: z.string().nullable().meta({ description: 'A stable code; see docs/errors.md.' }),
    statusMessage: z.string(),
    since: Timestamp,
    etaSeconds: z.int().nullable(),
    degraded: z.boolean(),
    nodes: z.strictObject({ desired: z.int(), ready: z.int(), draining: z.int(), items: z.array(Node) }),
    spec: Spec,
    sizing: Sizing.nullable(),
    price: z.strictObject({
      usdPerHour: z.number().nullable().meta({ description: 'Per node; null when it is not known.' }),
      currency: z.string(),
      costSoFar: z.number().nullable(),
    }),
    defaultUrl: z.string(),
    domains: z.array(
      z.strictObject({ domain: z.string(), state: z.string(), createdAt: Timestamp, verifiedAt: Timestamp.nullable() }),
    ),
    lastUpdate: z.strictObject({ state: z.string(), reason: z.string().nullable() }).nullable(),
    createdAt: Timestamp,
    lastRequestAt: Timestamp.nullable(),
    workflowId: z.string(),
  })
  .meta({ id: 'Endpoint' });
export type EndpointDocument = z.infer<typeof EndpointDocument>;

export const EndpointList = listOf(EndpointDocument);
export const EndpointListQuery = pageQuery();

const WAIT_SECONDS_MAX = 120;
export const EndpointGetQuery = z.object({
  waitFor: z.enum(['terminal']).optional().meta({
    description: 'Answer once the endpoint has settled: up, hibernated, paused, failed, or 404 when deleted.',
  }),
  timeout: z.coerce
    .number()
    .min(0)
    .max(WAIT_SECONDS_MAX)
    .default(60)
    .meta({
      description: 'Seconds to wait; then it is answered as it is.',
      override: { type: 'number', minimum: 0, maximum: WAIT_SECONDS_MAX, default: 60 },
    }),
});

export const EndpointDeleteQuery = z.object({
  force: z.enum(['true', 'false']).optional().meta({ description: '`true` cuts streams instead of waiting for them.' }),
});

export const RetryRequest = z
  .strictObject({ huggingFaceToken: HuggingFaceToken.optional() })
  .meta({ id: 'RetryRequest' });

export const CommandResponse = z
  .strictObject({
    success: z.literal(true),
    endpointId: z.string(),
    status: z.enum(ENDPOINT_STATUSES).meta({ description: 'As it was when the command was accepted.' }),
    message: z.string(),
  })
  .meta({ id: 'CommandResponse' });
