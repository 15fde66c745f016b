/**
 * What all suites of a run share, started once in jest's own process before the first suite and stopped
 * after the last. What a step finds out (addresses, paths) goes to the suites through `process.env`,
 * which the worker processes inherit.
 *
 * A step gives back how to undo it, or null. Steps run at the same time. When one fails, those that
 * succeeded are undone before the run ends, because jest then calls no teardown.
 */
import { startTestPostgres } from './test-postgres.ts';
import { buildTestBundle, fetchTestServer } from './workflow-bundle.ts';

type Undo = () => Promise<void>;

interface SetupStep {
  title: string;
  run: () => Promise<Undo | null>;
}

const STEPS: readonly SetupStep[] = [
  { title: 'Postgres', run: startTestPostgres },
  { title: 'the workflow bundle', run: buildTestBundle },
  { title: 'the Temporal test server', run: fetchTestServer },
];

let undoSteps: Undo[] = [];

export async function startSharedServices(): Promise<void> {
  const failures: Error[] = [];
  await Promise.all(
    STEPS.map(async (step) => {
      try {
        const undo = await step.run();
        if (undo) undoSteps.push(undo);
      } catch (cause) {
        failures.push(new Error(`test setup: ${step.title} could not be started`, { cause }));
      }
    }),
  );
  const [first] = failures;
  if (!first) return;
  await stopSharedServices();
  throw failures.length === 1 ? first : new AggregateError(failures, 'test setup failed');
}

/** Undoes every step, also when one of them fails. */
export async function stopSharedServices(): Promise<void> {
  const undo = undoSteps;
  undoSteps = [];
  const results = await Promise.allSettled(undo.map((step) => step()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
