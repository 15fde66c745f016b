/** The two methods of a Temporal client that the lifecycle client needs, with a switch for trouble. */
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
} from '@temporalio/client';
import type { TemporalWorkflows } from '../../../api/lifecycle-client.ts';

export interface FakeTemporal {
  workflows: TemporalWorkflows;
  /** What arrived, in order: `start <id>` and `<signal> <id>`. */
  calls: string[];
  started: WorkflowStartOptions[];
  running: Set<string>;
  /** Ended well: may not be started again. */
  completed: Set<string>;
  /** Thrown by every call while set. */
  trouble: Error | null;
  /** Every call waits for this. */
  gate: Promise<void>;
  payloads: unknown[];
}

export function fakeTemporal(): FakeTemporal {
  const fake: FakeTemporal = {
    calls: [],
    started: [],
    running: new Set(),
    completed: new Set(),
    trouble: null,
    gate: Promise.resolve(),
    payloads: [],
    workflows: {
      async start(type, options) {
        await fake.gate;
        if (fake.trouble) throw fake.trouble;
        const id = options.workflowId;
        if (fake.running.has(id) || fake.completed.has(id))
          throw new WorkflowExecutionAlreadyStartedError('already started', id, type);
        fake.running.add(id);
        fake.started.push(options);
        fake.calls.push(`start ${id}`);
      },
      getHandle: (id) => ({
        async signal(name, payload) {
          await fake.gate;
          if (fake.trouble) throw fake.trouble;
          if (!fake.running.has(id)) throw new WorkflowNotFoundError('not found', id, undefined);
          fake.calls.push(`${name} ${id}`);
          fake.payloads.push(payload);
        },
      }),
    },
  };
  return fake;
}
