import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
const out = (...a: unknown[]) => appendFileSync('/tmp/rev/out.txt', a.map((x) => (typeof x === 'string' ? x : JSON.stringify(x))).join(' ') + '\n');
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { endpointIdFrom } from '../../domain/endpoint-id.ts';
import { eventually } from '../support/eventually.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { startTestTemporal, startWorker } from '../support/temporal-test-server.ts';

let temporal: TestWorkflowEnvironment;
beforeAll(async () => { temporal = await startTestTemporal(); }, 60_000);
afterAll(async () => { await temporal?.teardown(); });
const wait = (ms: number) => new Promise((r) => setTimeout(r, ms));

async function live(prepare: (w: FakeWorld) => void, story: (l: any) => Promise<void>, patch?: (acts: any, w: FakeWorld) => void) {
  const world = new FakeWorld(endpointIdFrom(randomBytes(6)));
  prepare(world);
  const acts = world.activities() as any;
  patch?.(acts, world);
  const { worker, running } = await startWorker(temporal, world.endpointId, acts);
  const handle = await temporal.client.workflow.start('endpointLifecycle', {
    workflowId: world.endpointId, taskQueue: world.endpointId, args: [{ endpointId: world.endpointId }], workflowTaskTimeout: '5s',
  });
  const l = { world, handle, signal: (s: string) => handle.signal(s, {}),
    reaches: (s: string) => eventually(() => world.status === s, { message: `${s}, not ${world.history.join(' → ')}` }) };
  try { await story(l); } finally {
    await handle.terminate().catch(() => {});
    worker.shutdown(); await running;
  }
  return world;
}
const nothing = () => {};
async function status(handle: any) { const d = await handle.describe(); return `${d.status.name} history=${d.historyLength}`; }
async function wftFailures(handle: any) {
  const h = await handle.fetchHistory();
  return h.events.filter((e: any) => e.workflowTaskFailedEventAttributes).map((e: any) => e.workflowTaskFailedEventAttributes.failure?.message);
}

describe('review', () => {
  it('1 cancel in UI while bringing up', async () => {
    await live((w) => w.hanging.add('awaitNodeReady'), async (l) => {
      await eventually(() => l.world.running === 1);
      await wait(300);
      await l.handle.cancel();
      await wait(8000);
      out('1:', await status(l.handle), 'existing', l.world.existing, l.world.history.join(), 'wft failures', await wftFailures(l.handle));
    }, (acts, w) => {
      const orig = acts.releaseSlot; acts.releaseSlot = async (i: any) => { await wait(1500); return orig(i); };
    });
  });
  it('2 cancel in UI while draining', async () => {
    await live(nothing, async (l) => {
      await l.reaches('up');
      l.world.drainOutcome = () => null; l.world.idle = true;
      await l.signal('idleTimeout');
      await eventually(() => l.world.nodes.some((n: any) => n.state === 'draining'));
      await l.handle.cancel();
      await wait(4000);
      out('2:', await status(l.handle), 'nodes', JSON.stringify(l.world.nodes), 'wft', await wftFailures(l.handle));
    });
  });
  it('3 fatal provider error in inspectNodes ends the lifecycle of what serves', async () => {
    await live(nothing, async (l) => {
      await l.reaches('up');
      l.world.failing.inspectNodes = [{ code: 'provider_unavailable', errorClass: 'fatal' }];
      await l.signal('nodeLost');
      await wait(2000);
      out('3:', await status(l.handle), l.world.status, 'running', l.world.running);
    });
  });
  it('4 fatal provider error in releaseNode during delete', async () => {
    await live(nothing, async (l) => {
      await l.reaches('up');
      l.world.failing.releaseNode = [{ code: 'provider_unavailable', errorClass: 'fatal' }];
      l.world.power = 'deleted'; await l.signal('specChanged');
      await wait(2000);
      out('4:', await status(l.handle), l.world.status, 'existing', l.world.existing);
    });
  });
  it('5 hibernate asked twice', async () => {
    await live(nothing, async (l) => {
      await l.reaches('up');
      let hold = true; l.world.drainOutcome = () => (hold ? null : 'drained');
      l.world.hibernateRequested = l.world.sleepGeneration + 1; await l.signal('specChanged');
      await eventually(() => l.world.nodes.some((n: any) => n.state === 'draining'));
      // commandEffect('hibernate') on status up:
      l.world.hibernateRequested = l.world.sleepGeneration + 1; await l.signal('specChanged');
      hold = false;
      await l.reaches('hibernated');
      l.world.wakeRequested = l.world.sleepGeneration; await l.signal('wake');
      await wait(2500);
      out('5:', l.world.history.join(' '));
    });
  });
  it('6 replicas.stop while recordDegraded is under way', async () => {
    for (const how of ['hibernate', 'delete']) await live((w) => { w.minNodes = 2; }, async (l) => {
      await l.reaches('up');
      await eventually(() => l.world.running === 2);
      await wait(1000); l.world.degraded = 'x';
      l.world.hanging.add('recordDegraded');
      const second = l.world.nodes.find((n: any) => n.slot === 1); second.machine = 'none';
      l.world.failing.provisionNode = [{ code: 'capacity_unavailable', errorClass: 'capacity' }];
      await l.signal('nodeLost');
      await eventually(() => l.world.attempts.length === 1);
      await wait(500);
      if (how === 'delete') l.world.power = 'deleted'; else l.world.hibernateRequested = l.world.sleepGeneration + 1;
      await l.signal('specChanged');
      await wait(2500);
      out('6:', how, await status(l.handle), l.world.status, 'existing', l.world.existing, await wftFailures(l.handle));
    });
  });
  it('7 a replica that never gets ready has no deadline', async () => {
    await live((w) => { w.minNodes = 1; w.limits.bringUpDeadlineSeconds = 1; }, async (l) => {
      await l.reaches('up');
      l.world.hanging.add('awaitNodeReady'); l.world.minNodes = 2;
      await l.signal('specChanged');
      await wait(8000);
      out('7:', await status(l.handle), JSON.stringify(l.world.nodes), 'attempts', l.world.attempts);
    });
  });
  it('8 pause in allocateNode of a wake', async () => {
    await live(nothing, async (l) => {
      await l.reaches('up');
      l.world.idle = true; await l.signal('idleTimeout'); await l.reaches('hibernated');
      l.world.hanging.add('allocateNode');
      l.world.wakeRequested = l.world.sleepGeneration; await l.signal('wake');
      await l.reaches('waking'); await wait(500);
      l.world.power = 'paused'; await l.signal('specChanged');
      await l.reaches('paused');
      out('8: existing', l.world.existing, JSON.stringify(l.world.nodes));
    });
  });
  it('9 hibernate asked with no node left: hot loop', async () => {
    await live((w) => { w.status = 'up'; w.everUp = true; w.sized = true; w.hibernateRequested = 1; }, async (l) => {
      await wait(3000);
      out('9:', await status(l.handle), l.world.status);
    });
  });
  it('10 up with stopped nodes, no sleep ever: hibernated for ever', async () => {
    await live((w) => { w.status = 'up'; w.everUp = true; w.sized = true; w.nodes.push({ nodeId: 'n', slot: 0, state: 'stopped', machine: 'stopped' }); }, async (l) => {
      await l.reaches('hibernated');
      // wake by the owner: commandEffect gives { sleepGeneration: 0 }; by the proxy: needsWake is false
      l.world.wakeRequested = Math.max(l.world.wakeRequested, l.world.sleepGeneration); await l.signal('wake');
      await wait(2000);
      out('10:', l.world.history.join(' '), 'sg', l.world.sleepGeneration);
    });
  });
  it('11 ten transient failures of provisionNode', async () => {
    await live((w) => { w.failing.provisionNode = Array.from({ length: 10 }, () => ({ code: 'internal_error', errorClass: 'transient' as const })); }, async (l) => {
      const t0 = await temporal.currentTimeMs();
      await temporal.sleep('10 minutes');
      out('11:', l.world.history.join(' '), l.world.reason, 'mails', l.world.mails, 'after s', ((await temporal.currentTimeMs()) - t0) / 1000);
    });
  });
  it('12 stop that never works, then delete', async () => {
    await live(nothing, async (l) => {
      await l.reaches('up');
      l.world.failing.stopNode = Array.from({ length: 1000 }, () => ({ code: 'provider_unavailable', errorClass: 'transient' as const }));
      l.world.hibernateRequested = 1; await l.signal('specChanged');
      await wait(1000);
      l.world.power = 'deleted'; l.world.forceDelete = true; await l.signal('specChanged');
      await wait(12000);
      out('12:', await status(l.handle), l.world.status, 'existing', l.world.existing);
    });
  });
});
