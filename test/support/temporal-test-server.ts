/** A Temporal service with skippable time for one suite, and the workflow bundle that all suites share. */
import { readFile } from 'node:fs/promises';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  DefaultLogger,
  Runtime,
  type Worker as TemporalWorker,
  Worker,
  type WorkflowBundle,
  makeTelemetryFilterString,
} from '@temporalio/worker';
import type { Activities } from '../../activities/index.ts';
import { SEARCH_ATTRIBUTE_NAMES } from '../../workflows/search-attributes.ts';
import { BUNDLE_VARIABLE, TEST_SERVER_VARIABLE } from './workflow-bundle.ts';

const KEYWORD = 2;

// The SDK tells of every worker that starts and stops; only what goes wrong is of interest here.
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
});

export async function startTestTemporal(): Promise<TestWorkflowEnvironment> {
  const path = process.env[TEST_SERVER_VARIABLE];
  if (!path) throw new Error('there is no Temporal test server: run suites by "npm test", which fetches one');
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  const searchAttributes = Object.fromEntries(SEARCH_ATTRIBUTE_NAMES.map((name) => [name, KEYWORD]));
  await environment.connection.operatorService.addSearchAttributes({ namespace: 'default', searchAttributes });
  return environment;
}

export async function sharedBundle(): Promise<WorkflowBundle> {
  const file = process.env[BUNDLE_VARIABLE];
  if (!file) throw new Error('there is no workflow bundle: run suites by "npm test", which makes one');
  return { code: await readFile(file, 'utf8') };
}

/** A worker on a task queue of its own; stop it with `shutdown` and await the promise. */
export async function startWorker(
  environment: TestWorkflowEnvironment,
  taskQueue: string,
  activities: Activities,
): Promise<{ worker: TemporalWorker; running: Promise<void> }> {
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    activities,
    workflowBundle: await sharedBundle(),
    maxHeartbeatThrottleInterval: '100ms',
    interceptors: { activity: [heartbeating] },
  });
  return { worker, running: worker.run() };
}

/** As the product's worker does it, so that cancellations arrive. */
const heartbeating: NonNullable<NonNullable<Parameters<typeof Worker.create>[0]['interceptors']>['activity']>[number] =
  (context) => ({
    inbound: {
      async execute(input, next) {
        const beat = context.info.isLocal ? undefined : setInterval(() => context.heartbeat(), 100);
        try {
          return await next(input);
        } finally {
          clearInterval(beat);
        }
      },
    },
  });
