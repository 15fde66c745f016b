import { readLifecycle, recordSizing, recordStage } from '../db/lifecycle.ts';
import { readEndpointSecrets } from '../db/nodes.ts';
import { BUILTIN_MODEL, isBuiltinModel } from '../domain/builtin-model.ts';
import { chooseGguf } from '../domain/sizing/gguf-files.ts';
import { planLocalCpu } from '../domain/sizing/local-cpu.ts';
import type { ModelFacts } from '../domain/sizing/plan.ts';
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
 * @throws UserError `model_not_found`, `model_gated`, `model_no_gguf`, `model_too_large`, `hub_unavailable`
 */
export async function sizeModel(deps: ActivityDeps, input: { endpointId: string }): Promise<SizingSummary> {
  const record = await readLifecycle(deps.db, input.endpointId);
  if (!record) throw new Error(`no endpoint ${input.endpointId}`);
  await recordStage(deps.db, input.endpointId, 'sizing');
  const { huggingFaceToken } = await readEndpointSecrets(deps.db, deps.secretBox, input.endpointId);
  const facts = await modelFacts(deps, record.spec.model, record.spec.revision, huggingFaceToken);
  const plan = planLocalCpu(facts, deps.localMachine(), {
    contextLength: record.spec.contextLength,
    concurrency: record.targetConcurrency,
  });
  await recordSizing(deps.db, input.endpointId, plan);
  return {
    tier: plan.tier,
    provider: plan.candidates[0]?.provider ?? 'local',
    candidates: plan.candidates.length,
    requiredMemoryBytes: plan.requiredMemoryBytes,
    reasons: plan.reasons,
  };
}

async function modelFacts(
  deps: ActivityDeps,
  model: string,
  revision: string | null,
  token: string | null,
): Promise<ModelFacts> {
  if (isBuiltinModel(model)) {
    return { model, revision: null, files: [BUILTIN_MODEL.file], source: 'builtin' };
  }
  const listing = await deps.hub.listFiles({ model, revision, token });
  const files = chooseGguf(listing.files);
  // A node may find these weights on its disk already, fetched with another owner's token.
  if (listing.gated && files[0])
    await deps.hub.checkReadable({ model, revision: listing.commit, token }, files[0].path);
  return { model, revision: listing.commit, files, source: 'metadata' };
}
