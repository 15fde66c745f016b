import { type Allocation, allocateNode as writeIntent } from '../db/nodes.ts';
import { readLifecycle, recordStage } from '../db/lifecycle.ts';
import type { ActivityDeps } from './deps.ts';

/** Writes the intent of a node (or finds the one that the slot has) before any provider is called. */
export async function allocateNode(
  deps: ActivityDeps,
  input: { endpointId: string; slot: number; candidateIndex: number },
): Promise<Allocation> {
  const record = await readLifecycle(deps.db, input.endpointId);
  const candidate = record?.sizing?.candidates[input.candidateIndex];
  if (!candidate) throw new Error(`endpoint ${input.endpointId} has no candidate ${input.candidateIndex}`);
  await recordStage(deps.db, input.endpointId, 'allocating');
  return writeIntent(deps.db, deps.secretBox, { endpointId: input.endpointId, slot: input.slot, candidate });
}
