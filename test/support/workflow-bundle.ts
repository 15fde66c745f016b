/** Made once per run: the workflow bundle, and the path of the Temporal test server. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporalTestServer } from '../../downloads/index.ts';
import { workflowBundle } from '../../worker/bundle.ts';

export const BUNDLE_VARIABLE = 'TEST_WORKFLOW_BUNDLE';
export const TEST_SERVER_VARIABLE = 'TEST_TEMPORAL_SERVER';

/** Downloads are kept in the checkout between runs; git ignores them. */
const DOWNLOADS = fileURLToPath(new URL('../../.cache/downloads', import.meta.url));

export async function buildTestBundle(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hypervize-bundle-'));
  const file = path.join(folder, 'workflows.js');
  await writeFile(file, (await workflowBundle()).code);
  process.env[BUNDLE_VARIABLE] = file;
  return () => rm(folder, { recursive: true, force: true });
}

export async function fetchTestServer(): Promise<null> {
  const folder = process.env['HYPERVIZE_DOWNLOADS'] ?? DOWNLOADS;
  process.env[TEST_SERVER_VARIABLE] = await temporalTestServer({ folder, python: process.env['PYTHON'] ?? 'python3' });
  return null;
}
