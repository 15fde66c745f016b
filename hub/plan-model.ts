/** From a model's name to its plan: what the Hub says of it, and what sizing makes of that. */
import { UserError } from '../domain/errors.ts';
import {
  type Capacity,
  type Placement,
  type PlacementWish,
  needsNoEvidence,
  planPlacement,
} from '../domain/sizing/plan-placement.ts';
import { gated } from './hub-failure.ts';
import type { HubWish } from './hub.ts';
import type { ModelReader, ReadModel } from './model-reader.ts';

export interface PlanWish extends HubWish, PlacementWish {
  ownerId: string;
}

export interface ModelPlan extends Placement {
  /** Null when nothing had to be asked. */
  reading: ReadModel | null;
}

/** @throws UserError of the Hub (`model_not_found`, `model_gated`, `hub_unavailable`) and of sizing (see plan-placement.ts) */
export async function planModel(reader: ModelReader, capacity: Capacity, wish: PlanWish): Promise<ModelPlan> {
  if (needsNoEvidence(wish.model, capacity, wish.tier)) {
    return { ...planPlacement(wish.model, null, capacity, wish), reading: null };
  }
  const reading = await reader.read(wish);
  const { plan, facts } = placed(reading, capacity, wish, reader.hub.endpoint);
  const warnings = [...(plan.warnings ?? []), ...warningsOf(reading, `${reader.hub.endpoint}/${wish.model}`)];
  return { plan: { ...plan, warnings }, facts, reading };
}

function placed(reading: ReadModel, capacity: Capacity, wish: PlanWish, endpoint: string): Placement {
  try {
    return planPlacement(wish.model, reading.evidence, capacity, wish);
  } catch (error) {
    // Its size is unknown because this token may not read it: a better token is the remedy.
    const isHidden =
      reading.trouble === 'denied' && error instanceof UserError && error.code === 'hardware_undetermined';
    throw isHidden ? gated(wish.model, endpoint, { cause: error }) : error;
  }
}

function warningsOf(reading: ReadModel, page: string): string[] {
  const warnings: string[] = [];
  if (reading.isOld) {
    warnings.push(`the Hub does not answer: this is what it said at ${reading.checkedAt.toISOString()}`);
  }
  if (reading.trouble === 'denied') {
    warnings.push(`part of it may not be read: accept the licence at ${page}, then add a token (huggingFaceToken)`);
  } else if (reading.trouble === 'unusable') {
    warnings.push('part of what the Hub says of it makes no sense and was left out');
  }
  return warnings;
}
