/** From a node's folder and its process to the provider's truth about it. Changes nothing. */
import type { MachineState, NodeObservation } from '../provider.ts';
import type { HostSpec, HostStatus, NodeFolder, StopRecord } from './node-folder.ts';
import { isAlive } from './process-identity.ts';

/** A host records itself within a moment; one that has not by then never will. */
const FIRST_SIGN_WITHIN_MS = 30_000;

export interface ObservedNode {
  spec: HostSpec;
  status: HostStatus | null;
  alive: boolean;
  observation: NodeObservation;
}

export async function observeNode(folder: NodeFolder): Promise<ObservedNode | null> {
  const spec = await folder.readSpec();
  if (!spec) return null;
  const status = await folder.readStatus();
  const alive = status !== null && (await isAlive(status));
  const stop = await folder.readStop();
  const state = stateOf(spec, status, alive, stop);
  const observation: NodeObservation = {
    nodeId: spec.nodeId,
    endpointId: spec.endpointId,
    token: spec.token,
    ref: folder.path,
    state,
    address: alive && status?.port ? `http://127.0.0.1:${status.port}` : null,
    report: status && { stage: status.stage, progress: status.progress, failure: status.failure },
    launchedAt: spec.launchedAt,
    startedAt: status?.startedAt ?? null,
    // Null while it runs. Known exactly when we stopped it; after a sudden death, the last sign of life.
    stoppedAt: state === 'stopped' ? (stop?.stoppedAt ?? (await folder.lastSignOfLife())) : null,
    stoppedBy: state === 'stopped' ? (stop ? 'order' : 'itself') : null,
  };
  return { spec, status, alive, observation };
}

function stateOf(spec: HostSpec, status: HostStatus | null, alive: boolean, stop: StopRecord | null): MachineState {
  if (alive) return stop ? 'stopping' : 'running';
  if (status || stop) return 'stopped';
  return Date.now() - Date.parse(spec.launchedAt) < FIRST_SIGN_WITHIN_MS ? 'pending' : 'stopped';
}
