/**
 * Recorded histories of lifecycles. `RECORD_HISTORIES=1 npm test -- test/workflows` writes them anew; the
 * replay suite holds today's code to them. Record again only when the change of the workflow's commands
 * is wanted and guarded by `patched()`, and keep the old files of released versions.
 */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';

const FOLDER = fileURLToPath(new URL('../workflows/histories/', import.meta.url));

export async function recordHistory(name: string, handle: WorkflowHandle): Promise<void> {
  if (!process.env['RECORD_HISTORIES']) return;
  const history = await handle.fetchHistory();
  const recorded = { workflowId: handle.workflowId, history: JSON.parse(historyToJSON(history)) as unknown };
  await writeFile(path.join(FOLDER, `${name}.json`), `${JSON.stringify(recorded)}\n`);
}

export interface RecordedHistory {
  name: string;
  workflowId: string;
  history: ReturnType<typeof historyFromJSON>;
}

export async function recordedHistories(): Promise<RecordedHistory[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(
    names.map(async (file) => {
      const recorded = JSON.parse(await readFile(path.join(FOLDER, file), 'utf8')) as {
        workflowId: string;
        history: unknown;
      };
      return {
        name: file.replace(/\.json$/, ''),
        workflowId: recorded.workflowId,
        history: historyFromJSON(recorded.history),
      };
    }),
  );
}
