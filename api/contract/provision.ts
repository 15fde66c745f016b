/** POST /api/provision: what an owner asks for, with its bounds, and what is answered. */
import { z } from 'zod';
import {
  DEFAULT_IDLE_TIMEOUT_SECONDS,
  DEFAULT_TARGET_CONCURRENCY,
  IDLE_TIMEOUT_SECONDS_MIN,
} from '../../domain/endpoint.ts';
import { isModelId } from '../../domain/model-id.ts';
import { isEnvName, isReservedEnvName, reservedFlagOf } from '../../domain/runtime-env.ts';
import { HuggingFaceToken } from './common.ts';

const NODES_MAX = 64;
const IDLE_TIMEOUT_SECONDS_MAX = 30 * 86_400;
const CONTEXT_LENGTH_MAX = 10_000_000;

/** Printable text on one line. */
const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters');

const HOST_NAME = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

const Telemetry = z.strictObject({
  otlpEndpoint: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .max(2048)
    .refine((url) => !/^https?:\/\/[^/]*@/i.test(url), 'must not contain a user name or password; use headers'),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/, 'is not a header name'), line(4096))
    .refine((headers) => Object.keys(headers).length <= 32, 'at most 32 headers')
    .optional(),
});

const envName = z
  .string()
  .refine(isEnvName, 'must match ^[A-Z_][A-Z0-9_]{0,63}$')
  .refine((name) => !isReservedEnvName(name), 'is set by the system itself and cannot be overridden');

const runtimeArgument = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters')
  .refine((argument) => reservedFlagOf(argument) === null, 'is set by the system itself and cannot be overridden');

export const ProvisionRequest = z
  .strictObject({
    model: z
      .string()
      .max(200)
      .refine(isModelId, 'must be a Hugging Face model id such as org/name')
      .meta({ description: 'A Hugging Face model id.', example: 'HuggingFaceTB/SmolLM2-135M-Instruct' }),
    minNodes: z
      .int()
      .min(0)
      .max(NODES_MAX)
      .meta({ description: 'Nodes that always run; 0 lets the endpoint sleep when idle.' }),
    maxNodes: z.int().min(1).max(NODES_MAX),
    name: line(64).trim().optional().meta({ description: "What to call it; the model's name by default." }),
    revision: z
      .string()
      .regex(/^(?!.*\.\.)[A-Za-z0-9][\w./-]{0,199}$/, 'must be a branch, tag or commit')
      .optional(),
    idleTimeoutSeconds: z
      .int()
      .min(
        IDLE_TIMEOUT_SECONDS_MIN.local,
        `must be at least ${IDLE_TIMEOUT_SECONDS_MIN.local} seconds on the local provider`,
      )
      .max(IDLE_TIMEOUT_SECONDS_MAX)
      .default(DEFAULT_IDLE_TIMEOUT_SECONDS),
    provider: z
      .enum(['auto', 'local', 'aws', 'gcp'])
      .default('auto')
      .meta({ description: 'Where to run it; `auto` takes the cheapest that this installation has.' }),
    region: line(64).optional().meta({ description: 'A region of the cloud; the local provider has none.' }),
    tier: line(64).optional().meta({ description: 'A tier by its id, see GET /api/tiers; chosen by default.' }),
    contextLength: z.int().min(128).max(CONTEXT_LENGTH_MAX).optional().meta({ description: 'Tokens per sequence.' }),
    targetConcurrency: z
      .int()
      .min(1)
      .max(1024)
      .default(DEFAULT_TARGET_CONCURRENCY)
      .meta({ description: 'Requests in flight per node.' }),
    customDomain: z
      .string()
      .toLowerCase()
      .regex(HOST_NAME, 'must be a host name such as models.example.com')
      .optional(),
    telemetry: Telemetry.optional(),
    huggingFaceToken: HuggingFaceToken.optional(),
    env: z
      .record(
        envName,
        z
          .string()
          .max(8192)
          .regex(/^[^\0]*$/, 'must not contain NUL'),
      )
      .refine((env) => Object.keys(env).length <= 64, 'at most 64 variables')
      .optional()
      .meta({ description: 'Environment of the runtime. Kept encrypted and never shown again.' }),
    runtimeArgs: z
      .array(runtimeArgument)
      .max(64)
      .default([])
      .meta({ description: 'Further arguments of the runtime.' }),
    acceptPrice: z.boolean().optional().meta({
      description: 'Says yes to a price above the limit of this installation, or to one that nobody knows.',
    }),
  })
  .refine((body) => body.minNodes <= body.maxNodes, { path: ['minNodes'], error: 'must not be greater than maxNodes' })
  .meta({ id: 'ProvisionRequest' });
export type ProvisionRequest = z.infer<typeof ProvisionRequest>;

export const PROVISION_MESSAGE = 'Endpoint provisioning initiated. You will receive an email when it is ready.';

export const ProvisionResponse = z
  .strictObject({
    success: z.literal(true),
    endpointId: z.string().meta({ example: 'endpt-a1b2c3d4e5f6' }),
    defaultUrl: z.string(),
    message: z.literal(PROVISION_MESSAGE),
  })
  .meta({ id: 'ProvisionResponse' });
export type ProvisionResponse = z.infer<typeof ProvisionResponse>;

export const IdempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters without spaces')
    .optional()
    .meta({ description: 'The same key and body are answered with the first answer for 24 hours.' }),
});
