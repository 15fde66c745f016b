import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { endpointIdFrom } from '../../domain/endpoint-id.ts';
import { ENDPOINT_LIFECYCLE, type LifecycleSignal } from '../../workflows/contract.ts';
import { eventually } from '../support/eventually.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { recordHistory } from '../support/histories.ts';
import { startTestTemporal, startWorker } from '../support/temporal-test-server.ts';

let temporal: TestWorkflowEnvironment;

beforeAll(async () => {
  temporal = await startTestTemporal();
}, 60_000);
afterAll(async () => {
  await temporal?.teardown();
});

interface Life {
  world: FakeWorld;
  handle: WorkflowHandle;
  signal(name: LifecycleSignal): Promise<void>;
  reaches(status: string): Promise<void>;
  remove(): Promise<void>;
}

/** Runs one lifecycle against a world of its own, to its end, and keeps its history under `name` for the replay suite. */
async function live(
  name: string | null,
  prepare: (world: FakeWorld) => void,
  story: (life: Life) => Promise<void>,
): Promise<FakeWorld> {
  const world = new FakeWorld(endpointIdFrom(randomBytes(6)));
  prepare(world);
  const { worker, running } = await startWorker(temporal, world.endpointId, world.activities());
  const handle = await temporal.client.workflow.start(ENDPOINT_LIFECYCLE, {
    workflowId: world.endpointId,
    taskQueue: world.endpointId,
    args: [{ endpointId: world.endpointId }],
    workflowTaskTimeout: '5s',
  });
  const life: Life = {
    world,
    handle,
    signal: (signal) => handle.signal(signal, {}),
    async reaches(status) {
      await eventually(() => world.status === status, { message: `${status}, not ${world.history.join(' → ')}` });
    },
    async remove() {
      world.power = 'deleted';
      await handle.signal('specChanged', { generation: 2 });
      await handle.result();
    },
  };
  try {
    await story(life);
    if (name) await recordHistory(name, handle);
  } finally {
    await handle.terminate().catch(() => {});
    worker.shutdown();
    await running;
  }
  return world;
}

const nothing = () => {};

describe('the lifecycle of an endpoint', () => {
  it('goes from building to up, sleeps, wakes, and is deleted with nothing left', async () => {
    const world = await live('whole-life', nothing, async (life) => {
      await life.reaches('up');
      life.world.idle = true;
      await life.signal('idleTimeout');
      await life.reaches('hibernated');
      expect(life.world.running).toBe(0);
      expect(life.world.existing).toBe(1);
      life.world.wakeRequested = life.world.sleepGeneration;
      await life.signal('wake');
      await life.reaches('up');
      await life.remove();
    });
    expect(world.history).toEqual(['building', 'up', 'hibernated', 'waking', 'up', 'deleting', 'deleted']);
    expect(world.existing).toBe(0);
    expect(world.mails).toEqual(['ready']);
  });

  it('falls asleep by its own slow look when no signal ever comes', async () => {
    await live('self-check', nothing, async (life) => {
      await life.reaches('up');
      life.world.idle = true;
      await temporal.sleep('6 minutes');
      await life.reaches('hibernated');
      await life.remove();
    });
  });

  it('wakes once for a hundred wake signals', async () => {
    const world = await live('wake-burst', nothing, async (life) => {
      await life.reaches('up');
      life.world.idle = true;
      await life.signal('idleTimeout');
      await life.reaches('hibernated');
      life.world.wakeRequested = life.world.sleepGeneration;
      await Promise.all(Array.from({ length: 100 }, () => life.signal('wake')));
      await life.reaches('up');
      await life.remove();
    });
    expect(world.history.filter((status) => status === 'waking')).toHaveLength(1);
  });

  it('does not wake for a stale wake signal', async () => {
    const world = await live('stale-wake', nothing, async (life) => {
      await life.reaches('up');
      life.world.idle = true;
      await life.signal('idleTimeout');
      await life.reaches('hibernated');
      await life.signal('wake');
      await life.signal('idleTimeout');
      await temporal.sleep('1 hour');
      expect(life.world.status).toBe('hibernated');
      await life.remove();
    });
    expect(world.history).not.toContain('waking');
  });

  it('stays up when a request comes while it falls asleep', async () => {
    const world = await live('drain-cancelled', nothing, async (life) => {
      await life.reaches('up');
      life.world.drainOutcome = () => null;
      life.world.idle = true;
      await life.signal('idleTimeout');
      await eventually(() => life.world.nodes.some((node) => node.state === 'draining'));
      life.world.wakeRequested = life.world.sleepGeneration;
      await life.signal('wake');
      await eventually(() => life.world.nodes.every((node) => node.state === 'ready'));
      life.world.drainOutcome = () => 'drained';
      await life.remove();
    });
    expect(world.history).toEqual(['building', 'up', 'deleting', 'deleted']);
  });

  it('hibernates when asked, and an always-on endpoint then sleeps until somebody asks', async () => {
    await live(
      'hibernate-on-request',
      (world) => (world.minNodes = 1),
      async (life) => {
        await life.reaches('up');
        life.world.hibernateRequested = 1;
        await life.signal('specChanged');
        await life.reaches('hibernated');
        await temporal.sleep('1 hour');
        expect(life.world.status).toBe('hibernated');
        life.world.wakeRequested = life.world.sleepGeneration;
        await life.signal('wake');
        await life.reaches('up');
        await life.remove();
      },
    );
  });

  it('asked twice to hibernate sleeps once', async () => {
    const world = await live('hibernate-twice', nothing, async (life) => {
      await life.reaches('up');
      life.world.drainOutcome = () => null;
      life.world.hibernateRequested = 1;
      await life.signal('specChanged');
      await eventually(() => life.world.sleepGeneration === 1);
      // The second click comes while the first is being carried out.
      life.world.hibernateRequested = 2;
      await life.signal('specChanged');
      life.world.drainOutcome = () => 'drained';
      await life.reaches('hibernated');
      life.world.wakeRequested = life.world.sleepGeneration;
      await life.signal('wake');
      await life.reaches('up');
      await life.remove();
    });
    expect(world.history).toEqual(['building', 'up', 'hibernated', 'waking', 'up', 'deleting', 'deleted']);
  });

  it('is paused and resumed, and a signal does not wake it while paused', async () => {
    const world = await live('pause-resume', nothing, async (life) => {
      await life.reaches('up');
      life.world.power = 'paused';
      await life.signal('specChanged');
      await life.reaches('paused');
      expect(life.world.running).toBe(0);
      life.world.wakeRequested = 99;
      await life.signal('wake');
      await temporal.sleep('1 hour');
      expect(life.world.status).toBe('paused');
      life.world.power = 'on';
      await life.signal('specChanged');
      await life.reaches('up');
      await life.remove();
    });
    expect(world.history).toEqual(['building', 'up', 'paused', 'waking', 'up', 'deleting', 'deleted']);
  });
});

describe('a bring-up that fails', () => {
  it('ends as failed with everything released and one mail, and retry continues the same endpoint', async () => {
    const script = (world: FakeWorld) =>
      (world.failing.sizeModel = [{ code: 'model_gated', errorClass: 'fatal', message: 'Accept the licence.' }]);
    const world = await live('failed-then-retried', script, async (life) => {
      await life.reaches('failed');
      expect(life.world.reason).toBe('model_gated');
      expect(life.world.message).toBe('Accept the licence.');
      life.world.retryRequested = life.world.failureGeneration;
      await life.signal('specChanged');
      await life.reaches('up');
      await life.remove();
    });
    expect(world.mails).toEqual(['failed', 'ready']);
  });

  it('ends as runtime_crash_loop after three crashes, with no machine left', async () => {
    const crash = {
      code: 'runtime_crash_loop',
      errorClass: 'crash' as const,
      message: 'Its last words: out of memory',
    };
    const world = await live(
      'crash-loop',
      (fake) => (fake.failing.awaitNodeReady = [crash, crash, crash]),
      async (life) => {
        await life.reaches('failed');
        expect(life.world.existing).toBe(0);
        await life.remove();
      },
    );
    expect(world.history).toEqual(['building', 'failed', 'deleting', 'deleted']);
    expect(world.attempts).toEqual(['runtime_crash_loop']);
  });

  it('gets through two crashes', async () => {
    const crash = { code: 'runtime_crash_loop', errorClass: 'crash' as const };
    await live(
      'two-crashes',
      (world) => (world.failing.awaitNodeReady = [crash, crash]),
      async (life) => {
        await life.reaches('up');
        expect(life.world.existing).toBe(1);
        await life.remove();
      },
    );
  });

  it('moves on to the next place when one has no capacity, and releases what it tried', async () => {
    const full = { code: 'capacity_unavailable', errorClass: 'capacity' as const };
    const world = await live(
      'failover',
      (fake) => {
        fake.candidates = 3;
        fake.failing.provisionNode = [full, full];
      },
      async (life) => {
        await life.reaches('up');
        await life.remove();
      },
    );
    expect(world.attempts).toEqual(['capacity_unavailable', 'capacity_unavailable']);
  });

  it('ends as bring_up_timeout at its deadline', async () => {
    // Time is not skipped while an activity runs, so this deadline is a real second.
    const prepare = (world: FakeWorld) => {
      world.hanging.add('awaitNodeReady');
      world.limits.bringUpDeadlineSeconds = 1;
    };
    await live('deadline', prepare, async (life) => {
      await life.reaches('failed');
      expect(life.world.reason).toBe('bring_up_timeout');
      expect(life.world.existing).toBe(0);
      await life.remove();
    });
  });

  it('goes back to sleep when a wake finds no capacity, and the next request tries again', async () => {
    const world = await live('wake-without-capacity', nothing, async (life) => {
      await life.reaches('up');
      life.world.idle = true;
      await life.signal('idleTimeout');
      await life.reaches('hibernated');
      life.world.failing.provisionNode = [{ code: 'capacity_unavailable', errorClass: 'capacity' }];
      life.world.wakeRequested = life.world.sleepGeneration;
      await life.signal('wake');
      await eventually(() => life.world.history.filter((status) => status === 'hibernated').length === 2);
      // The machine that slept still exists: nothing is thrown away before another is ready.
      expect(life.world.existing).toBe(1);
      expect(life.world.reason).toBe('capacity_unavailable');
      life.world.wakeRequested = life.world.sleepGeneration;
      await life.signal('wake');
      await life.reaches('up');
      await life.remove();
    });
    expect(world.mails).toEqual(['ready']);
  });

  it('keeps the machine that slept when a wake is interrupted at its first step', async () => {
    await live('wake-interrupted', nothing, async (life) => {
      await life.reaches('up');
      life.world.idle = true;
      await life.signal('idleTimeout');
      await life.reaches('hibernated');
      life.world.hanging.add('allocateNode');
      life.world.wakeRequested = life.world.sleepGeneration;
      await life.signal('wake');
      await eventually(() => life.world.hung.has('allocateNode'));
      life.world.power = 'paused';
      await life.signal('specChanged');
      await life.reaches('paused');
      expect(life.world.existing).toBe(1);
      await life.remove();
    });
  });

  it('keeps trying to wake what must be always on', async () => {
    const full = { code: 'capacity_unavailable', errorClass: 'capacity' as const };
    await live(
      'always-on-retries',
      (world) => (world.minNodes = 1),
      async (life) => {
        await life.reaches('up');
        life.world.failing.provisionNode = [full, full];
        for (const node of life.world.nodes) node.machine = 'none';
        await life.signal('nodeLost');
        await life.reaches('waking');
        await temporal.sleep('2 minutes');
        await life.reaches('up');
        await life.remove();
      },
    );
  });
});

describe('a node that is lost while serving', () => {
  it('is replaced', async () => {
    const world = await live('node-lost', nothing, async (life) => {
      await life.reaches('up');
      for (const node of life.world.nodes) node.machine = 'none';
      await life.signal('nodeLost');
      await eventually(() => life.world.history.at(-2) === 'waking' && life.world.status === 'up');
      expect(life.world.running).toBe(1);
      await life.remove();
    });
    expect(world.history).toEqual(['building', 'up', 'waking', 'up', 'deleting', 'deleted']);
  });

  it('is not replaced for ever: the third loss within ten minutes is a crash loop', async () => {
    const world = await live('serving-crash-loop', nothing, async (life) => {
      await life.reaches('up');
      for (const losses of [1, 2, 3]) {
        for (const node of life.world.nodes) node.machine = 'none';
        await life.signal('nodeLost');
        const wanted = losses < 3 ? 'up' : 'failed';
        await eventually(
          () => life.world.status === wanted && life.world.history.length === 1 + 2 * losses + (losses < 3 ? 1 : 0),
        );
      }
      expect(life.world.existing).toBe(0);
      await life.remove();
    });
    expect(world.mails).toEqual(['ready', 'failed']);
  });

  it('does not wait for ever for a further node that does not answer', async () => {
    const prepare = (world: FakeWorld) => {
      world.minNodes = 2;
      world.limits.bringUpDeadlineSeconds = 2;
    };
    await live('replica-deadline', prepare, async (life) => {
      await life.reaches('up');
      life.world.hanging.add('awaitNodeReady');
      await eventually(() => life.world.hung.has('awaitNodeReady') || life.world.running === 2);
      if (life.world.running === 2 && !life.world.hung.has('awaitNodeReady')) {
        // It was faster than we: lose it, and hang the next.
        const second = life.world.nodes.find((node) => node.slot === 1);
        if (second) second.machine = 'none';
        await life.signal('nodeLost');
      }
      await eventually(() => life.world.degraded === 'bring_up_timeout', { timeoutMs: 15_000 });
      expect(life.world.running).toBe(1);
      life.world.hanging.clear();
      await life.remove();
    });
  });

  it('does not take the others down when a further node cannot be had', async () => {
    await live(
      'degraded',
      (world) => {
        world.minNodes = 2;
        world.failing.provisionNode = [];
      },
      async (life) => {
        await eventually(() => life.world.running === 2);
        const second = life.world.nodes.find((node) => node.slot === 1);
        if (second) second.machine = 'none';
        life.world.failing.provisionNode = [
          { code: 'capacity_unavailable', errorClass: 'capacity', message: 'No room.' },
        ];
        await life.signal('nodeLost');
        await eventually(() => life.world.degraded === 'capacity_unavailable');
        expect(life.world.status).toBe('up');
        await temporal.sleep('1 minute');
        await eventually(() => life.world.running === 2 && life.world.degraded === null);
        await life.remove();
      },
    );
  });
});

describe('delete', () => {
  const phases = ['sizeModel', 'allocateNode', 'provisionNode', 'awaitNodeReady', 'registerEndpoint'] as const;
  it.each(phases)('during %s leaves nothing', async (phase) => {
    const world = await live(
      `delete-during-${phase}`,
      (fake) => fake.hanging.add(phase),
      async (life) => {
        // Not earlier: the test server, unlike the real one, stumbles over a cancellation that crosses the
        // completion of its activity.
        await eventually(() => life.world.hung.has(phase));
        await life.remove();
      },
    );
    expect(world.existing).toBe(0);
    expect(world.status).toBe('deleted');
    expect(world.mails).toEqual([]);
  });

  it('while falling asleep ends the drain when forced', async () => {
    const world = await live('delete-forced', nothing, async (life) => {
      await life.reaches('up');
      life.world.drainOutcome = () => null;
      life.world.power = 'deleted';
      await life.signal('specChanged');
      await life.reaches('deleting');
      life.world.forceDelete = true;
      await life.signal('specChanged');
      await life.handle.result();
    });
    expect(world.existing).toBe(0);
  });

  it('of a sleeping endpoint releases the machine that slept', async () => {
    const world = await live('delete-asleep', nothing, async (life) => {
      await life.reaches('up');
      life.world.idle = true;
      await life.signal('idleTimeout');
      await life.reaches('hibernated');
      await life.remove();
    });
    expect(world.existing).toBe(0);
  });
});

describe('what must not end a lifecycle', () => {
  it.each(['awaitNodeReady', 'awaitDrained'] as const)(
    'a cancellation from the Web UI during %s changes nothing',
    async (phase) => {
      await live(`cancelled-during-${phase}`, nothing, async (life) => {
        if (phase === 'awaitNodeReady') life.world.hanging.add(phase);
        else {
          await life.reaches('up');
          life.world.drainOutcome = (mayStayUp) => (mayStayUp ? null : 'drained');
          life.world.idle = true;
          await life.signal('idleTimeout');
          await eventually(() => life.world.nodes.some((node) => node.state === 'draining'));
        }
        if (phase === 'awaitNodeReady') await eventually(() => life.world.hung.has(phase));
        await life.handle.cancel();
        await life.signal('scale');
        expect((await life.handle.describe()).status.name).toBe('RUNNING');
        await life.remove();
        expect(life.world.existing).toBe(0);
      });
    },
  );

  it('a stop that never succeeds: a delete releases the node all the same', async () => {
    const world = await live('stop-hangs', nothing, async (life) => {
      await life.reaches('up');
      life.world.hanging.add('stopNode');
      life.world.idle = true;
      await life.signal('idleTimeout');
      await eventually(() => life.world.hung.has('stopNode'));
      await life.remove();
    });
    expect(world.existing).toBe(0);
  });

  it('a node that its provider cannot be asked about', async () => {
    const world = await live('provider-away', nothing, async (life) => {
      await life.reaches('up');
      life.world.providerAway = true;
      const looks = life.world.calls.get('inspectNodes') ?? 0;
      await life.signal('nodeLost');
      await eventually(() => (life.world.calls.get('inspectNodes') ?? 0) > looks);
      await life.signal('scale');
      await eventually(() => (life.world.calls.get('inspectNodes') ?? 0) > looks + 1);
      expect(life.world.status).toBe('up');
      await life.remove();
    });
    expect(world.history).not.toContain('waking');
  });

  it('a replica that is put away while its failure is being recorded', async () => {
    const prepare = (world: FakeWorld) => {
      world.minNodes = 2;
    };
    const world = await live('replica-put-away', prepare, async (life) => {
      await eventually(() => life.world.running === 2);
      life.world.hanging.add('recordDegraded');
      life.world.failing.provisionNode = [{ code: 'capacity_unavailable', errorClass: 'capacity' }];
      const second = life.world.nodes.find((node) => node.slot === 1);
      if (second) second.machine = 'none';
      await life.signal('nodeLost');
      await eventually(() => life.world.hung.has('recordDegraded'));
      life.world.hanging.delete('recordDegraded');
      await life.remove();
    });
    expect(world.status).toBe('deleted');
  });
});

describe('odd beginnings, as after a lost history', () => {
  it('up with its only node stopped: it can be woken', async () => {
    const prepare = (world: FakeWorld) => {
      Object.assign(world, { status: 'up', everUp: true, sized: true });
      world.nodes.push({ nodeId: 'node-0-x', slot: 0, state: 'stopped', machine: 'stopped' });
    };
    await live('adopt-stopped', prepare, async (life) => {
      await life.reaches('hibernated');
      life.world.wakeRequested = life.world.sleepGeneration;
      await life.signal('wake');
      await life.reaches('up');
      await life.remove();
    });
  });

  it('up with no node at all, and asked to hibernate: it comes up again', async () => {
    const prepare = (world: FakeWorld) => {
      Object.assign(world, { status: 'up', everUp: true, sized: true, hibernateRequested: 1 });
    };
    const world = await live('adopt-nothing', prepare, async (life) => {
      await eventually(() => life.world.history.includes('waking'));
      await life.reaches('hibernated');
      await life.remove();
    });
    expect(world.existing).toBe(0);
  });
});

describe('a long life', () => {
  it('continues as new before its history grows past its bound, and loses no wake', async () => {
    const cycles = 120;
    const world = await live(null, nothing, async (life) => {
      await life.reaches('up');
      for (let cycle = 1; cycle <= cycles; cycle++) {
        life.world.idle = true;
        await life.signal('idleTimeout');
        await life.reaches('hibernated');
        life.world.wakeRequested = life.world.sleepGeneration;
        await life.signal('wake');
        await life.reaches('up');
      }
      const description = await life.handle.describe();
      expect(description.historyLength).toBeLessThan(10_000);
      await life.remove();
    });
    expect(world.history.filter((status) => status === 'waking')).toHaveLength(cycles);
  }, 180_000);
});
