/** POST /api/provision: checks the wish, writes all its records in one transaction, and lets the lifecycle start. */
import { createHash, randomBytes } from 'node:crypto';
import { forOwner } from '../../db/client.ts';
import { type NewEndpoint, insertEndpoint } from '../../db/endpoints.ts';
import { type IdempotencyClaim, abandonIdempotent, completeIdempotent, startIdempotent } from '../../db/idempotency.ts';
import { ownerEmail } from '../../db/owners.ts';
import { type ErrorCode, UserError } from '../../domain/errors.ts';
import type { SizingPlan } from '../../domain/sizing/plan.ts';
import { nodePriceMax, withinPrice } from '../../domain/sizing/within-price.ts';
import { tiersFor } from '../../domain/tiers.ts';
import { IdempotencyHeaders, PROVISION_MESSAGE, ProvisionRequest, ProvisionResponse } from '../contract.ts';
import type { RouteDeps } from '../deps.ts';
import { defaultUrl } from '../endpoint-document.ts';
import { type PlacementChoice, choosePlacement, installedProviders } from '../placement.ts';
import { type Principal, actorOf } from '../policies.ts';
import { insistOnAcceptance, sizeRequest } from '../quote.ts';
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
      errors: [
        'idempotency_key_in_use',
        'idempotency_key_reused',
        'price_not_accepted',
        'model_not_found',
        'model_unsupported',
        'model_no_gguf',
        'model_too_large',
        'rate_limit_exceeded',
      ],
      async handler({ principal, headers, body, req }) {
        checkDomain(body, deps.publicUrl);
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
  const choice = choosePlacement(body, await installedProviders(deps), deps.offers);
  if (choice.obstacle) throw invalidField(choice.obstacle.field, choice.obstacle.problem);
  const plan = await planInTime(deps, principal, body, choice);
  const price = expectedPrice(plan, body, choice);
  insistOnAcceptance(body, plan?.tier ?? null, price.usdMicrosPerHour, deps.limitUsdMicrosPerHour);
  const notifyEmail = principal.kind === 'user' ? principal.email : await ownerEmail(deps.db, principal.ownerId);
  // What it turns out to need when it is built, or retried, may cost more; the yes of today does not cover that.
  const priceMax = body.acceptPrice ? null : nodePriceMax(deps.limitUsdMicrosPerHour, body.maxNodes);
  const endpoint = {
    ...newEndpoint(principal, notifyEmail, body, priceMax),
    pricing: price,
    sizing: plan && withinPrice(plan, priceMax),
  };
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

const HUB_MS_MAX = 3_000;
/** What the lifecycle waits for, or explains with what its owner can do about it (a token, a tier). */
const LEFT_TO_THE_LIFECYCLE: ReadonlySet<string> = new Set<ErrorCode>([
  'hub_unavailable',
  'dependency_unavailable',
  'model_gated',
  'hardware_undetermined',
]);

/** What a quote would say, as far as it is known within seconds; what can never run is refused at once. */
async function planInTime(
  deps: RouteDeps,
  principal: Principal,
  body: ProvisionRequest,
  choice: PlacementChoice,
): Promise<SizingPlan | null> {
  try {
    return (await sizeRequest(deps, principal.ownerId, body, choice, HUB_MS_MAX)).plan;
  } catch (error) {
    if (error instanceof UserError && LEFT_TO_THE_LIFECYCLE.has(error.code)) return null;
    throw error;
  }
}

/** Until sizing has chosen: the tier asked for, or this machine's own where there is nothing else. */
function expectedPrice(
  plan: SizingPlan | null,
  body: ProvisionRequest,
  choice: PlacementChoice,
): NewEndpoint['pricing'] {
  const { providers, offers } = choice.capacity;
  if (plan) {
    return {
      tier: plan.tier,
      provider: plan.candidates[0]?.provider ?? 'local',
      usdMicrosPerHour: plan.usdMicrosPerHour ?? null,
      source: plan.priceSource ?? 'unknown',
    };
  }
  const tiers = tiersFor({ providers, region: body.region ?? null }, offers);
  const tier = tiers.length === 1 ? tiers[0] : tiers.find(({ id }) => id === body.tier);
  return {
    tier: tier?.id ?? 'unknown',
    provider: tier?.provider ?? providers[0] ?? 'local',
    usdMicrosPerHour: tier?.usdMicrosPerHour ?? null,
    source: tier?.priceSource ?? 'unknown',
  };
}

function newEndpoint(
  principal: Principal,
  notifyEmail: string | null,
  body: ProvisionRequest,
  usdMicrosPerNodeHourMax: number | null,
): Omit<NewEndpoint, 'pricing' | 'sizing'> {
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
      usdMicrosPerNodeHourMax,
    },
    autoscaling: {
      minNodes: body.minNodes,
      maxNodes: body.maxNodes,
      idleTimeoutSeconds: body.idleTimeoutSeconds,
      targetConcurrency: body.targetConcurrency,
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

/** Depends on this installation rather than on the request alone. */
function checkDomain(body: ProvisionRequest, publicUrl: string): void {
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
