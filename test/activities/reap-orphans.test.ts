import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ActivityDeps } from '../../activities/deps.ts';
import type { LifecycleState } from '../../activities/lifecycle-directory.ts';
import { type ReapReport, reapOrphans } from '../../activities/reap-orphans.ts';
import { allocateNode, liveNodes, recordRunning, setNodeState } from '../../db/nodes.ts';
import { type TestDatabase, createTestDatabase } from '../support/database.ts';
import { MemoryProvider } from '../support/memory-provider.ts';
import { HERE, seedEndpoint, seedOwner, testBox } from '../support/seed.ts';

let database: TestDatabase;
let ownerId: string;
let provider: MemoryProvider;
let states: Map<string, LifecycleState>;
let started: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  ownerId = await seedOwner(database.db);
}, 60_000);
afterAll(async () => {
  await database?.close();
});
beforeEach(() => {
  provider = new MemoryProvider();
  // Endpoints of earlier tests are none of this one's business.
  states = new Map();
  started = [];
});

async function sweep(mode: 'enforce' | 'report' = 'enforce', graceSeconds = 0): Promise<ReapReport> {
  const deps = {
    db: database.db,
    installationId: 'ours',
    providers: new Map([['local', provider]]),
    lifecycles: {
      state: async (id: string) => states.get(id) ?? 'running',
      start: async (id: string) => void started.push(id),
      startMail: async () => {},
    },
    reaper: { graceSeconds, mode },
    faultPoint: async () => {},
  } as unknown as ActivityDeps;
  return new MockActivityEnvironment().run((): Promise<ReapReport> => reapOrphans(deps));
}

describe('the orphan reaper', () => {
  it('releases a machine that no record wants, at its second sighting', async () => {
    provider.plant('ours', 'orphan');
    await sweep();
    expect(provider.has('orphan')).toBe(true);
    const report = await sweep();
    expect(provider.has('orphan')).toBe(false);
    expect(report.orphans).toMatchObject([{ ref: 'orphan', released: true }]);
  });

  it('leaves an orphan alone during the grace period, and for ever in report mode', async () => {
    provider.plant('ours', 'young');
    for (const graceSeconds of [3600, 3600, 3600]) await sweep('enforce', graceSeconds);
    for (const _ of [1, 2, 3]) await sweep('report');
    expect(provider.has('young')).toBe(true);
  });

  it('never touches what another installation owns, or what a record wants', async () => {
    provider.plant('theirs', 'foreign');
    const endpointId = await seedEndpoint(database.db, ownerId, { status: 'up' });
    await allocateNode(database.db, testBox, { endpointId, slot: 0, candidate: HERE });
    const [node] = await liveNodes(database.db, endpointId);
    provider.plant('ours', node?.token ?? '');
    for (const _ of [1, 2, 3]) await sweep();
    expect(provider.has('foreign')).toBe(true);
    expect(provider.has(node?.token ?? '')).toBe(true);
  });

  it('releases the nodes of a lifecycle that was ended by hand, says so, and starts a new one to wait for retry', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId, { status: 'up' });
    const { nodeId } = await allocateNode(database.db, testBox, { endpointId, slot: 0, candidate: HERE });
    const [node] = await liveNodes(database.db, endpointId);
    provider.plant('ours', node?.token ?? '');
    await recordRunning(database.db, nodeId, {
      ref: 'r',
      address: 'http://127.0.0.1:1',
      startedAt: new Date().toISOString(),
    });
    await setNodeState(database.db, nodeId, 'ready');
    states.set(endpointId, 'closed');
    await sweep();
    expect(provider.has(node?.token ?? '')).toBe(false);
    const row = await database.db
      .selectFrom('endpoints')
      .selectAll()
      .where('id', '=', endpointId)
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ status: 'failed', status_reason: 'lifecycle_terminated' });
    expect(started).toEqual([endpointId]);
  });

  it('is not stopped by one machine that cannot be released: it says so and goes on', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId, { status: 'up' });
    states.set(endpointId, 'missing');
    provider.plant('ours', 'stuck');
    provider.release = async () => {
      throw new Error('no permission');
    };
    await sweep();
    const report = await sweep();
    expect(report.problems).toEqual(['orphan stuck: Error: no permission']);
    expect(started).toEqual([endpointId, endpointId]);
  });

  it('releases and closes the record of a node that outlived its deleted endpoint', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId, { status: 'up' });
    await allocateNode(database.db, testBox, { endpointId, slot: 0, candidate: HERE });
    const [node] = await liveNodes(database.db, endpointId);
    provider.plant('ours', node?.token ?? '');
    await database.db
      .updateTable('endpoints')
      .set({ status: 'deleted', deleted_at: new Date() })
      .where('id', '=', endpointId)
      .execute();
    await sweep();
    await sweep();
    expect(provider.has(node?.token ?? '')).toBe(false);
    expect(await liveNodes(database.db, endpointId)).toEqual([]);
  });

  it('counts the time of a machine that was launched without a record of it', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId, { status: 'up' });
    const { nodeId } = await allocateNode(database.db, testBox, { endpointId, slot: 0, candidate: HERE });
    const [node] = await liveNodes(database.db, endpointId);
    provider.plant('ours', node?.token ?? '');
    states.set(endpointId, 'closed');
    await sweep();
    const intervals = await database.db
      .selectFrom('node_intervals')
      .selectAll()
      .where('node_id', '=', nodeId)
      .execute();
    expect(intervals).toMatchObject([{ ended_at: expect.any(Date) }]);
  });

  it('starts a lifecycle whose history was lost and keeps its nodes for it to adopt', async () => {
    const endpointId = await seedEndpoint(database.db, ownerId, { status: 'up' });
    await allocateNode(database.db, testBox, { endpointId, slot: 0, candidate: HERE });
    states.set(endpointId, 'missing');
    await sweep();
    expect(started).toEqual([endpointId]);
    expect(await liveNodes(database.db, endpointId)).toHaveLength(1);
  });
});
