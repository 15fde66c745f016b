/**
 * The plan for a model wherever it may run: on this machine, which costs nothing, where it fits, else on the
 * cheapest GPUs that will do. The quote, the record of a new endpoint and the lifecycle ask here, so that they agree.
 */
import { BUILTIN_MODEL, isBuiltinModel } from '../builtin-model.ts';
import type { ProviderName } from '../endpoint.ts';
import { UserError } from '../errors.ts';
import { LOCAL_TIER_ID, gpuTiersFor } from '../tiers.ts';
import type { GpuOffer } from './data/gpu-offers.ts';
import { undetermined } from './explain.ts';
import { type HubEvidence, gatherFacts } from './gather-facts.ts';
import { planLocalCpu } from './local-cpu.ts';
import type { MachineMemory, ModelFacts, SizingPlan } from './plan.ts';
import { DEFAULT_SEQUENCES, planSizing } from './plan-sizing.ts';

export interface Capacity {
  /** Where it may run. */
  providers: readonly ProviderName[];
  /** What this machine offers; null where the local provider is not among them, or not known yet. */
  machine: MachineMemory | null;
  /** The price list. */
  offers: readonly GpuOffer[];
}

export interface PlacementWish {
  region: string | null;
  tier: string | null;
  contextLength: number | null;
  targetConcurrency: number | null;
}

export interface Placement {
  plan: SizingPlan;
  facts: ModelFacts;
}

/** Whether the plan can be made without knowing anything of the model from the Hub. */
export function needsNoEvidence(model: string, capacity: Capacity, tier: string | null): boolean {
  return isBuiltinModel(model) && capacity.machine !== null && (tier === null || tier === LOCAL_TIER_ID);
}

/**
 * @param evidence null where `needsNoEvidence`
 * @throws UserError `model_no_gguf`, `model_too_large`, `model_unsupported`, `hardware_undetermined`
 */
export function planPlacement(
  model: string,
  evidence: HubEvidence | null,
  capacity: Capacity,
  wish: PlacementWish,
): Placement {
  const { machine } = capacity;
  const clouds = capacity.providers.filter((provider) => provider !== 'local');
  const mayBeLocal = machine !== null && wish.region === null && (wish.tier === null || wish.tier === LOCAL_TIER_ID);
  let notHere: UserError | null = null;
  if (mayBeLocal) {
    try {
      return planHere(model, evidence, machine, wish);
    } catch (error) {
      if (clouds.length === 0 || wish.tier === LOCAL_TIER_ID || !(error instanceof UserError)) throw error;
      notHere = error;
    }
  }
  if (!evidence) throw new Error(`nothing is known of ${model}`);
  const facts = gatherFacts(evidence);
  // Only this machine runs GGUF files, so what is wrong here is what is wrong.
  if (notHere && facts.format === 'gguf') throw notHere;
  const tiers = gpuTiersFor({ providers: clouds, region: wish.region }, capacity.offers);
  return { facts, plan: planSizing(facts, { ...wish, tiers }) };
}

function planHere(model: string, evidence: HubEvidence | null, machine: MachineMemory, wish: PlacementWish): Placement {
  const facts = factsForThisMachine(model, evidence);
  const plan = planLocalCpu(facts, machine, {
    contextLength: wish.contextLength,
    concurrency: wish.targetConcurrency ?? DEFAULT_SEQUENCES,
  });
  return { facts, plan: { ...plan, reasons: [...plan.reasons, ...(facts.notes ?? [])] } };
}

/** This machine runs GGUF files only, whatever else a repository has. */
function factsForThisMachine(model: string, evidence: HubEvidence | null): ModelFacts {
  if (isBuiltinModel(model)) return { model, revision: null, files: [BUILTIN_MODEL.file], source: 'builtin' };
  if (!evidence) throw new Error(`nothing is known of ${model}`);
  const files = evidence.files?.filter(({ path }) => /\.gguf$/i.test(path)) ?? null;
  if (files?.length === 0) return { model, revision: evidence.revision, files, source: 'metadata' };
  const facts = gatherFacts({ ...evidence, files, index: null });
  // Its files cannot be listed: only a name that says GGUF tells that it has some, and how large they are.
  const isNamed = facts.quantization?.format === 'gguf' && (facts.weightsBytes ?? 0) > 0;
  if (files === null && !isNamed) throw undetermined(facts);
  return facts;
}
