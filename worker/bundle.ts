import { fileURLToPath } from 'node:url';
import { type WorkflowBundleWithSourceMap, bundleWorkflowCode } from '@temporalio/worker';

const WORKFLOWS = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

/** The workflow code as one script for Temporal's sandbox; takes a second or so. */
export async function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({ workflowsPath: WORKFLOWS, logger: quiet });
}

const silent = () => {};
/** The bundler reports its sizes on every start, which interests nobody. */
const quiet = { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: silent };
