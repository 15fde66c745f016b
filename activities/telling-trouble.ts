import { activityInfo } from '@temporalio/activity';
import { appendEvent } from '../db/events.ts';
import type { NodeRow } from '../db/nodes.ts';
import { ProviderError } from '../providers/provider.ts';
import type { ActivityDeps } from './deps.ts';

/** Which tries are told of: the fifth, then ever more rarely. */
const TOLD_ATTEMPTS = new Set([5, 20, 100, 500]);

/**
 * Runs an undo that is tried for ever, and puts it on the timeline when it keeps failing: a user who
 * waits for a delete, or pays for a node, must see why.
 */
export async function tellingTrouble(
  deps: ActivityDeps,
  node: NodeRow,
  verb: 'Stopping' | 'Releasing',
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { attempt } = activityInfo();
    if (TOLD_ATTEMPTS.has(attempt)) {
      const why = error instanceof ProviderError ? error.message : 'Something went wrong on our side.';
      await appendEvent(deps.db, {
        endpointId: node.endpoint_id,
        ownerId: node.owner_id,
        type: 'node',
        actor: 'lifecycle',
        reason: error instanceof ProviderError ? error.code : 'internal_error',
        message: `${verb} node ${node.id} has failed ${attempt} times and is tried again. ${why}`,
        details: { nodeId: node.id, attempt },
      });
    }
    throw error;
  }
}
