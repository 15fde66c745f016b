/**
 * Stops every node of a home and keeps their folders, so that the next start finds them stopped.
 * For the supervisor, when the whole installation goes down.
 */
import { listNodeFolders, type NodeFolder } from './node-folder.ts';
import { observeNode } from './observe-node.ts';
import { stopProcess } from './stop-process.ts';

export async function stopAllNodes(home: string, graceMs = 10_000, hurry?: AbortSignal): Promise<void> {
  const folders = await listNodeFolders(home);
  await Promise.all(folders.map((folder) => stopNode(folder, graceMs, hurry)));
}

/** Returns once the node's process is gone. Safe to repeat; does nothing where there is no node. */
export async function stopNode(folder: NodeFolder, graceMs: number, hurry?: AbortSignal): Promise<void> {
  const before = await observeNode(folder);
  if (!before) return;
  if (before.observation.state !== 'stopped') {
    // First the order, then the look: a host that is just starting sees the one or is seen by the other.
    await folder.writeStop({ stoppedAt: null });
  }
  const status = await folder.readStatus();
  if (status) await stopProcess(status, { graceMs, ...(hurry && { hurry }) });
  if (before.observation.state !== 'stopped') await folder.writeStop({ stoppedAt: new Date().toISOString() });
}
