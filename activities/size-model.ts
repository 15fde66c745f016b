import { readLifecycle, recordSizing, recordStage } from '../db/lifecycle.ts';
import { readEndpointSecrets } from '../db/nodes.ts';
import type { EndpointSpec } from '../domain/endpoint.ts';
import { UserError } from '../domain/errors.ts';
import type { Capacity } from '../domain/sizing/plan-placement.ts';
import { withinPrice } from '../domain/sizing/within-price.ts';
import { gated } from '../hub/hub-failure.ts';
import { type ModelPlan, type PlanWish, planModel } from '../hub/plan-model.ts';
import type { ActivityDeps } from './deps.ts';

export interface SizingSummary {
  tier: string;
  provider: string;
  candidates: number;
  requiredMemoryBytes: number;
  reasons: readonly string[];
}

/**
 * Decides what hardware the endpoint's model needs, and records it with its reasons and price.
 * Idempotent: the same facts give the same plan.
 * @throws UserError of sizing (see domain/sizing/plan-placement.ts), `model_not_found`, `model_gated`, `hub_unavailable`,
 *   `price_not_accepted` when it would cost more than its owner agreed to
 */
export async function sizeModel(deps: ActivityDeps, input: { endpointId: string }): Promise<SizingSummary> {
  const { endpointId } = input;
  const record = await readLifecycle(deps.db, endpointId);
  if (!record) throw new Error(`no endpoint ${endpointId}`);
  await recordStage(deps.db, endpointId, 'sizing');
  const { huggingFaceToken } = await readEndpointSecrets(deps.db, deps.secretBox, endpointId);
  const { spec } = record;
  const wish: PlanWish = {
    ownerId: record.ownerId,
    model: spec.model,
    revision: spec.revision,
    token: huggingFaceToken,
    region: spec.region,
    tier: spec.tier,
    contextLength: spec.contextLength,
    targetConcurrency: record.targetConcurrency,
  };
  const found = await planModel(deps.models, capacityFor(deps, spec.provider), wish);
  const sized = { ...found, plan: withinPrice(found.plan, spec.usdMicrosPerNodeHourMax ?? null) };
  await recordSizing(deps.db, endpointId, sized.plan);
  await checkDownload(deps, endpointId, wish, sized);
  const { plan } = sized;
  return {
    tier: plan.tier,
    provider: plan.candidates[0]?.provider ?? 'local',
    candidates: plan.candidates.length,
    requiredMemoryBytes: plan.requiredMemoryBytes,
    reasons: plan.reasons,
  };
}

function capacityFor(deps: ActivityDeps, provider: EndpointSpec['provider']): Capacity {
  const providers = [...deps.providers.keys()].filter((name) => provider === 'auto' || provider === name);
  return { providers, machine: providers.includes('local') ? deps.localMachine() : null, offers: deps.offers };
}

/**
 * Finds out before a machine is paid for whether the weights may be had. A node may also find them on its disk,
 * fetched with another owner's token, so this is where that owner's rights end.
 */
async function checkDownload(
  deps: ActivityDeps,
  endpointId: string,
  wish: PlanWish,
  { plan, reading }: ModelPlan,
): Promise<void> {
  if (!reading) return;
  const { hub } = deps.models;
  try {
    const [first] = plan.files;
    if (first && (reading.state.gated || reading.state.private)) {
      await hub.checkReadable({ ...wish, revision: plan.revision }, first.path);
    } else if (!first && reading.trouble === 'denied') {
      throw gated(wish.model, hub.endpoint);
    } else if (!first && plan.candidates.some(({ provider }) => provider === 'local')) {
      throw new UserError(
        'model_no_gguf',
        `The Hub does not tell which files ${wish.model} has, or how large they are, so none can be loaded. Name another repository of the model.`,
      );
    }
  } catch (error) {
    // It is the download that fails, though it was never begun.
    if (error instanceof UserError && error.code === 'model_gated') {
      await recordStage(deps.db, endpointId, 'downloading_weights');
    }
    throw error;
  }
}
