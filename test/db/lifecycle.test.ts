import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { allocateNode, liveNodes, recordEnded, recordRunning, setNodeState } from '../../db/nodes.ts';
import { beginHibernation, cancelHibernation } from '../../db/hibernation.ts';
import { readLifecycle, recordStage } from '../../db/lifecycle.ts';
import { reportLoads } from '../../db/traffic.ts';
import { recordTransition } from '../../db/transitions.ts';
import type { EndpointStatus } from '../../domain/endpoint.ts';
import { type TestDatabase, createTestDatabase } from '../support/database.ts';
import { HERE, type SeedEndpoint, seedEndpoint, seedOwner, testBox } from '../support/seed.ts';

let database: TestDatabase;
let ownerId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  ownerId = await seedOwner(database.db);
}, 60_000);
afterAll(async () => {
  await database?.close();
});
beforeEach(async () => {
  await database.db.deleteFrom('proxies').execute();
});

const toUp = {
  from: ['building'] as const,
  to: 'up' as const,
  reason: null,
  message: 'Online.',
  mail: 'ready' as const,
};

describe('a transition', () => {
  it('is recorded with its event and its mail, once, however often the step runs', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId);
    const first = await recordTransition(database.db, { endpointId, ...toUp });
    const second = await recordTransition(database.db, { endpointId, ...toUp });
    expect(first).toMatchObject({ recorded: true, status: 'up' });
    // A lost answer must not lose the mail: the repeated step still names it.
    expect(second).toEqual({ recorded: false, status: 'up', mailId: first.mailId });
    const events = await database.db
      .selectFrom('endpoint_events')
      .selectAll()
      .where('endpoint_id', '=', endpointId)
      .execute();
    expect(events.map((event) => [event.from_status, event.to_status])).toEqual([['building', 'up']]);
  });

  it('loses quietly when the endpoint has moved on', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId, { status: 'deleting' });
    expect(await recordTransition(database.db, { endpointId, ...toUp })).toEqual({
      recorded: false,
      status: 'deleting',
      mailId: null,
    });
  });

  it.each(['paused', 'deleted'] as const)('to up is not recorded once the owner has wished it %s', async (power) => {
    const endpointId = await seedEndpoint(database.db, ownerId, { power });
    expect(await recordTransition(database.db, { endpointId, ...toUp })).toEqual({
      recorded: false,
      status: 'building',
      mailId: null,
    });
  });

  it('queues no mail about an endpoint that is being deleted', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId, { power: 'deleted' });
    const failed = {
      from: ['building'] as const,
      to: 'failed' as const,
      reason: 'x',
      message: '',
      mail: 'failed' as const,
    };
    expect(await recordTransition(database.db, { endpointId, ...failed })).toMatchObject({
      recorded: true,
      mailId: null,
    });
  });

  it('to hibernated fulfils every wish to sleep so far, and can be ended by a wake', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId, { status: 'up' });
    const sleep = { from: ['up'] as const, to: 'hibernated' as const, reason: null, message: '', mail: null };
    await database.db.updateTable('endpoints').set({ hibernate_requested: 3 }).where('id', '=', endpointId).execute();
    await recordTransition(database.db, { endpointId, ...sleep });
    expect(await readLifecycle(database.db, endpointId)).toMatchObject({ sleepGeneration: 3 });
    const never = await seedEndpoint(database.db, ownerId, { status: 'up' });
    await recordTransition(database.db, { endpointId: never, ...sleep });
    expect(await readLifecycle(database.db, never)).toMatchObject({ sleepGeneration: 1 });
  });

  it('queues no mail for an endpoint whose owner has no address', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId, { notifyEmail: null });
    expect(await recordTransition(database.db, { endpointId, ...toUp })).toMatchObject({
      recorded: true,
      mailId: null,
    });
  });

  it('spends the wish to wake when the wake failed, so that only a new request wakes it', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId, { status: 'waking' });
    await database.db
      .updateTable('endpoints')
      .set({ sleep_generation: 1, wake_requested: 1 })
      .where('id', '=', endpointId)
      .execute();
    await recordTransition(database.db, {
      endpointId,
      from: ['waking'],
      to: 'hibernated',
      reason: 'capacity_unavailable',
      message: 'No room.',
      mail: null,
    });
    expect(await readLifecycle(database.db, endpointId)).toMatchObject({ sleepGeneration: 2, wakeRequested: 1 });
  });

  it('to deleted forgets the secrets and keeps the events', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId, { status: 'deleting' });
    await database.db
      .insertInto('endpoint_secrets')
      .values({ endpoint_id: endpointId, owner_id: ownerId, name: 'env', ciphertext: Buffer.from('x') })
      .execute();
    await recordTransition(database.db, {
      endpointId,
      from: ['deleting'],
      to: 'deleted',
      reason: null,
      message: 'Deleted.',
      mail: null,
    });
    expect(
      await database.db.selectFrom('endpoint_secrets').selectAll().where('endpoint_id', '=', endpointId).execute(),
    ).toEqual([]);
    expect(
      await database.db.selectFrom('endpoint_events').selectAll().where('endpoint_id', '=', endpointId).execute(),
    ).toHaveLength(1);
  });

  it('expects a wake to take what earlier ones took, the first what the build took', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId, { status: 'hibernated' });
    await database.db
      .updateTable('endpoints')
      .set({ created_at: new Date(Date.now() - 100_000), first_up_at: new Date(Date.now() - 60_000) })
      .where('id', '=', endpointId)
      .execute();
    const go = (from: EndpointStatus, to: EndpointStatus) =>
      recordTransition(database.db, { endpointId, from: [from], to, reason: null, message: '', mail: null });
    const expectedSeconds = async () => {
      const row = await database.db
        .selectFrom('endpoints')
        .selectAll()
        .where('id', '=', endpointId)
        .executeTakeFirstOrThrow();
      return row.expected_ready_at && Math.round((row.expected_ready_at.getTime() - row.since.getTime()) / 1000);
    };
    await go('hibernated', 'waking');
    expect(await expectedSeconds()).toBe(40);
    await go('waking', 'up');
    await go('up', 'hibernated');
    await go('hibernated', 'waking');
    expect(await expectedSeconds()).toBe(0);
  });

  it('expects nothing of a first build', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId, { status: 'failed' });
    await recordTransition(database.db, {
      endpointId,
      from: ['failed'],
      to: 'building',
      reason: null,
      message: '',
      mail: null,
    });
    const row = await database.db
      .selectFrom('endpoints')
      .selectAll()
      .where('id', '=', endpointId)
      .executeTakeFirstOrThrow();
    expect(row.expected_ready_at).toBeNull();
  });
});

describe('a stage', () => {
  it('is an event once, and none outside a bring-up', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId);
    await recordStage(database.db, endpointId, 'loading');
    await recordStage(database.db, endpointId, 'loading', { progress: 0.5 });
    await recordTransition(database.db, { endpointId, ...toUp });
    await recordStage(database.db, endpointId, 'loading');
    const events = await database.db
      .selectFrom('endpoint_events')
      .select(['type', 'stage'])
      .where('endpoint_id', '=', endpointId)
      .orderBy('seq')
      .execute();
    expect(events).toEqual([
      { type: 'stage', stage: 'loading' },
      { type: 'transition', stage: null },
    ]);
  });
});

describe('a node', () => {
  it('has one live row per slot, and its token changes with each new try', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId);
    const wish = { endpointId, slot: 0, candidate: HERE };
    const [first, again] = [
      await allocateNode(database.db, testBox, wish),
      await allocateNode(database.db, testBox, wish),
    ];
    expect(again).toEqual({ ...first, fresh: false });
    const [row] = await liveNodes(database.db, endpointId);
    await recordEnded(database.db, first.nodeId, { state: 'terminated', endedAt: null, reason: 'test' });
    const second = await allocateNode(database.db, testBox, wish);
    expect(second.fresh).toBe(true);
    expect((await liveNodes(database.db, endpointId))[0]?.token).not.toBe(row?.token);
  });

  it('is paid for once and without overlap, however often its start and end are recorded', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId);
    const { nodeId } = await allocateNode(database.db, testBox, { endpointId, slot: 0, candidate: HERE });
    const at = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1000).toISOString();
    const start = (secondsAgo: number) =>
      recordRunning(database.db, nodeId, { ref: 'r', address: null, startedAt: at(secondsAgo) });
    await start(100);
    await start(100);
    await recordEnded(database.db, nodeId, { state: 'stopped', endedAt: at(60), reason: 'hibernated' });
    await recordEnded(database.db, nodeId, { state: 'stopped', endedAt: at(10), reason: 'hibernated' });
    // A start that claims to be older than the last end begins at that end.
    await start(80);
    await recordEnded(database.db, nodeId, { state: 'terminated', endedAt: at(20), reason: 'deleted' });
    const intervals = await database.db
      .selectFrom('node_intervals')
      .selectAll()
      .where('node_id', '=', nodeId)
      .orderBy('id')
      .execute();
    const spans = intervals.map((row) =>
      [row.started_at, row.ended_at].map((t) => Math.round(((t?.getTime() ?? 0) - Date.now()) / 1000)),
    );
    expect(spans).toEqual([
      [-100, -60],
      [-60, -20],
    ]);
  });
});

describe('a late report of a running machine', () => {
  it('does not take a node that serves out of service', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId);
    const { nodeId } = await allocateNode(database.db, testBox, { endpointId, slot: 0, candidate: HERE });
    const running = { ref: 'r', address: 'http://127.0.0.1:1', startedAt: new Date().toISOString() };
    await recordRunning(database.db, nodeId, running);
    await setNodeState(database.db, nodeId, 'ready');
    await recordRunning(database.db, nodeId, running);
    expect((await liveNodes(database.db, endpointId)).map((node) => node.state)).toEqual(['ready']);
  });
});

describe('falling asleep', () => {
  async function upEndpoint(seed: SeedEndpoint = {}) {
    const endpointId = await seedEndpoint(database.db, ownerId, { status: 'up', sinceSecondsAgo: 60, ...seed });
    const { nodeId } = await allocateNode(database.db, testBox, { endpointId, slot: 0, candidate: HERE });
    await setNodeState(database.db, nodeId, 'ready');
    return endpointId;
  }
  const load = (endpointId: string, inFlight: number, lastEndedAgeMs: number | null) =>
    reportLoads(database.db, 'proxy-1', [{ endpointId, inFlight, held: 0, seenVersion: 1, lastEndedAgeMs }]);

  it('begins when the idle timeout has passed, once, and marks the nodes draining', async () => {
    const endpointId = await upEndpoint();
    await load(endpointId, 0, 30_000);
    const begun = await beginHibernation(database.db, endpointId);
    expect(begun).toMatchObject({ begun: true, sleepGeneration: 1 });
    expect(await beginHibernation(database.db, endpointId)).toEqual(begun);
    expect((await liveNodes(database.db, endpointId)).map((node) => node.state)).toEqual(['draining']);
  });

  it('does not begin while something is in flight, right after a request, or right after the first up', async () => {
    const busy = await upEndpoint();
    await load(busy, 1, 30_000);
    expect(await beginHibernation(database.db, busy)).toMatchObject({ begun: false });
    const fresh = await upEndpoint();
    await load(fresh, 0, 1_000);
    expect(await beginHibernation(database.db, fresh)).toMatchObject({ begun: false });
    const young = await upEndpoint({ sinceSecondsAgo: 1 });
    await load(young, 0, null);
    expect(await beginHibernation(database.db, young)).toMatchObject({ begun: false });
  });

  it('never begins by idleness when the owner wants nodes always, nor on reports of nobody', async () => {
    const always = await upEndpoint({ minNodes: 1 });
    await load(always, 0, 30_000);
    expect(await beginHibernation(database.db, always)).toMatchObject({ begun: false });
    await database.db.deleteFrom('proxies').execute();
    expect(await beginHibernation(database.db, await upEndpoint())).toMatchObject({ begun: false });
  });

  it('begins at once when asked, whatever is in flight', async () => {
    const endpointId = await upEndpoint({ minNodes: 1 });
    await load(endpointId, 3, null);
    await database.db.updateTable('endpoints').set({ hibernate_requested: 1 }).where('id', '=', endpointId).execute();
    expect(await beginHibernation(database.db, endpointId)).toMatchObject({ begun: true, sleepGeneration: 1 });
  });

  it('is called off by a request until the nodes are stopping', async () => {
    const endpointId = await upEndpoint();
    await load(endpointId, 0, 30_000);
    await beginHibernation(database.db, endpointId);
    // The second call stands for a step whose first answer was lost.
    expect(await cancelHibernation(database.db, endpointId)).toBe(true);
    expect(await cancelHibernation(database.db, endpointId)).toBe(true);
    expect((await liveNodes(database.db, endpointId)).map((node) => node.state)).toEqual(['ready']);
    const [node] = await liveNodes(database.db, endpointId);
    await setNodeState(database.db, node?.id ?? '', 'stopping');
    expect(await cancelHibernation(database.db, endpointId)).toBe(false);
  });
});
