/** POST /api/provision: checks the wish, writes all its records in one transaction, and lets the lifecycle start. */
import { createHash, randomBytes } from 'node:crypto';
import { forOwner } from '../../db/client.ts';
import { type NewEndpoint, insertEndpoint } from '../../db/endpoints.ts';
import { type IdempotencyClaim, abandonIdempotent, completeIdempotent, startIdempotent } from '../../db/idempotency.ts';
import { ownerEmail } from '../../db/owners.ts';
import { UserError } from '../../domain/errors.ts';
import { LOCAL_TIER_ID, findTier } from '../../domain/tiers.ts';
import { IdempotencyHeaders, PROVISION_MESSAGE, ProvisionRequest, ProvisionResponse } from '../contract.ts';
import type { RouteDeps } from '../deps.ts';
import { defaultUrl } from '../endpoint-document.ts';
import { type Principal, actorOf } from '../policies.ts';
import { type RouteAnswer, route } from '../route.ts';
import { invalidField } from '../validation.ts';

const ROUTE = 'POST /api/provision';

export function provisionRoutes(deps: RouteDeps) {
  return [
    route({
      method: 'post',
      path: '/api/provision',
      policy: { auth: 'manage' },
      tag: 'Endpoints',
      summary: 'Deploy a model as a new endpoint',
      headers: IdempotencyHeaders,
      body: ProvisionRequest,
      answer: { status: 202, description: 'Accepted; the endpoint is being built.', schema: ProvisionResponse },
      errors: ['idempotency_key_in_use', 'idempotency_key_reused'],
      async handler({ principal, headers, body, req }) {
        checkPlacement(body, deps.publicUrl);
        const key = headers['idempotency-key'];
        if (key === undefined) return provision(deps, principal, body, null);
        const start = await startIdempotent(deps.db, {
          ownerId: principal.ownerId,
          route: ROUTE,
          key,
          requestSha256: sha256OfJson(req.body),
        });
        switch (start.kind) {
          case 'running':
            throw new UserError(
              'idempotency_key_in_use',
              'The first request with this Idempotency-Key is still running. Try again shortly.',
              {
                headers: { 'retry-after': '1' },
              },
            );
          case 'reused':
            throw new UserError(
              'idempotency_key_reused',
              'This Idempotency-Key was used with another body. Use a new key for a new request.',
            );
          case 'replay':
            return { status: start.status, jsonText: start.bodyText, headers: { 'idempotent-replayed': 'true' } };
          case 'run':
            return provisionOnce(deps, principal, body, start.claim);
        }
      },
    }),
  ];
}

async function provisionOnce(
  deps: RouteDeps,
  principal: Principal,
  body: ProvisionRequest,
  claim: IdempotencyClaim,
): Promise<RouteAnswer> {
  try {
    return await provision(deps, principal, body, claim);
  } catch (error) {
    // Nothing was written, so that a repeat may run. When this fails too, the claim runs out by itself.
    await abandonIdempotent(deps.db, claim).catch((err: unknown) =>
      deps.logger.warn({ err }, 'an idempotency claim was left'),
    );
    throw error;
  }
}

async function provision(
  deps: RouteDeps,
  principal: Principal,
  body: ProvisionRequest,
  claim: IdempotencyClaim | null,
): Promise<RouteAnswer> {
  const notifyEmail = principal.kind === 'user' ? principal.email : await ownerEmail(deps.db, principal.ownerId);
  const endpoint = newEndpoint(principal, notifyEmail, body);
  const jsonText = await forOwner(deps.db, principal.ownerId, async (tx) => {
    const endpointId = await insertEndpoint(tx, deps.secretBox, endpoint);
    const answer: ProvisionResponse = {
      success: true,
      endpointId,
      defaultUrl: defaultUrl(deps.publicUrl, endpointId),
      message: PROVISION_MESSAGE,
    };
    const text = JSON.stringify(answer);
    if (claim) await completeIdempotent(tx, claim, { status: 202, bodyText: text });
    return text;
  });
  deps.outbox.poke();
  return { jsonText };
}

function newEndpoint(principal: Principal, notifyEmail: string | null, body: ProvisionRequest): NewEndpoint {
  // Until sizing has chosen: the tier asked for, or this machine's own.
  const tier = findTier(body.tier ?? LOCAL_TIER_ID);
  const headers = body.telemetry?.headers;
  return {
    ownerId: principal.ownerId,
    actor: actorOf(principal),
    notifyEmail,
    name: body.name ?? body.model.split('/').at(-1) ?? body.model,
    spec: {
      model: body.model,
      revision: body.revision ?? null,
      provider: body.provider,
      region: body.region ?? null,
      tier: body.tier ?? null,
      contextLength: body.contextLength ?? null,
      runtimeArgs: body.runtimeArgs,
    },
    autoscaling: {
      minNodes: body.minNodes,
      maxNodes: body.maxNodes,
      idleTimeoutSeconds: body.idleTimeoutSeconds,
      targetConcurrency: body.targetConcurrency,
    },
    pricing: {
      tier: tier?.id ?? LOCAL_TIER_ID,
      provider: tier?.provider ?? 'local',
      usdMicrosPerHour: tier?.usdMicrosPerHour ?? null,
      source: tier?.priceSource ?? 'unknown',
    },
    customDomain: body.customDomain
      ? { domain: body.customDomain, challengeToken: randomBytes(32).toString('base64url') }
      : null,
    telemetry: body.telemetry ? { otlpEndpoint: body.telemetry.otlpEndpoint } : null,
    secrets: {
      ...(body.huggingFaceToken ? { hugging_face_token: body.huggingFaceToken } : {}),
      ...(body.env && Object.keys(body.env).length > 0 ? { env: JSON.stringify(body.env) } : {}),
      ...(headers && Object.keys(headers).length > 0 ? { telemetry_headers: JSON.stringify(headers) } : {}),
    },
  };
}

/** What depends on this installation rather than on the request alone. */
function checkPlacement(body: ProvisionRequest, publicUrl: string): void {
  if (body.region !== undefined) throw invalidField('region', 'the local provider has no regions; leave it out');
  const { hostname } = new URL(publicUrl);
  if (body.customDomain && (body.customDomain === hostname || body.customDomain.endsWith(`.${hostname}`))) {
    throw invalidField('customDomain', 'belongs to this installation; name a domain of your own');
  }
}

/** The same for bodies that say the same, however their fields are ordered. */
function sha256OfJson(value: unknown): Buffer {
  return createHash('sha256').update(canonical(value)).digest();
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`;
}
