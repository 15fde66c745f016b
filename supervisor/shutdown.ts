/**
 * The order in which everything ends: first who takes requests, then who acts on them, then the nodes,
 * then what all of them lean on. A worker that lost Temporal would wait in vain.
 */
import { stopAllNodes } from '../providers/local/stop-all-nodes.ts';
import type { Supervisor } from './supervisor.ts';

const NODE_GRACE_MS = 8_000;

export const STOP_ORDER = ['api', 'worker', 'nodes', 'temporal', 'postgres'] as const;

/** Goes on with the rest when one step fails. @returns what failed, as sentences */
export async function shutDown(supervisor: Supervisor, home: string, hurry?: AbortSignal): Promise<string[]> {
  supervisor.beginStop();
  const failures: string[] = [];
  for (const name of STOP_ORDER) {
    try {
      if (name === 'nodes') await stopAllNodes(home, NODE_GRACE_MS, hurry);
      else await supervisor.stop(name, hurry);
    } catch (error) {
      failures.push(`${name} could not be stopped: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return failures;
}
