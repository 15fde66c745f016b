import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { addNode } from './support/endpoints-in.ts';
import { type TestApi, type TestUser, errorOf, signUp, startTestApi } from './support/test-api.ts';

let api: TestApi;
let ada: TestUser;
let id: string;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  ada = await signUp(api);
  id = await ada.provision();
});

interface Usage {
  items: { endpointId: string; start: string | null; nodeSeconds: number; costUsd: number | null }[];
  total: { nodeSeconds: number; costUsd: number | null };
}

const at = (hour: number, minute = 0) => new Date(Date.UTC(2026, 2, 10, hour, minute));
const DAY = 'from=2026-03-10T00:00:00Z&to=2026-03-11T00:00:00Z';
const usage = async (query: string, path = `/api/endpoints/${id}/usage`) =>
  (await ada.request('GET', `${path}?${query}`)).json as Usage;
const ran = (from: Date, to: Date | null, usdMicrosPerHour: number | null = 1_000_003, endpointId = id) =>
  addNode(
    api,
    { id: endpointId, ownerId: ada.ownerId },
    { state: 'terminated', startedAt: from, endedAt: to, usdMicrosPerHour },
  );

describe('usage', () => {
  it('is the node-seconds and the cost of what ran', async () => {
    await ran(at(1), at(2, 30));
    expect(await usage(DAY)).toMatchObject({
      items: [{ endpointId: id, start: null, nodeSeconds: 5400, costUsd: 1.500004 }],
      total: { nodeSeconds: 5400, costUsd: 1.500004 },
    });
  });

  it('counts only what lies in the asked time', async () => {
    await ran(new Date(Date.UTC(2026, 2, 9, 23)), at(1), 3_600_000);
    expect(await usage(DAY)).toMatchObject({ total: { nodeSeconds: 3600, costUsd: 3.6 } });
  });

  it('in hours adds up to days and to the whole, to the micro-dollar', async () => {
    await ran(at(0, 7), at(5, 13));
    await ran(at(3, 59), at(23, 1), 777_777);
    const [whole, days, hours] = [await usage(DAY), await usage(`${DAY}&by=day`), await usage(`${DAY}&by=hour`)];
    expect(hours.items).toHaveLength(24);
    expect(hours.items[0]).toMatchObject({ start: '2026-03-10T00:00:00.000Z', nodeSeconds: 53 * 60 });
    expect(days.items.map((item) => item.start)).toEqual(['2026-03-10T00:00:00.000Z']);
    expect(hours.total).toEqual(whole.total);
    expect(days.total).toEqual(whole.total);
  });

  it('of a node that still runs grows, and reading twice at rest is the same', async () => {
    await ran(at(1), at(2));
    expect(await usage(DAY)).toEqual(await usage(DAY));
    await ran(new Date(Date.now() - 10_000), null, 3_600_000_000);
    const now = await usage('');
    expect(now.total.nodeSeconds).toBeGreaterThan(9);
    expect(now.total.costUsd).toBeGreaterThan(9);
  });

  it('of the owner is that of all endpoints, deleted ones too', async () => {
    const other = await ada.provision();
    await ran(at(1), at(2));
    await ran(at(1), at(3), 2_000_000, other);
    await api.database.pool.query("UPDATE endpoints SET status = 'deleted', deleted_at = now() WHERE id = $1", [other]);
    const all = await usage(DAY, '/api/usage');
    expect(all.items).toHaveLength(2);
    expect(all.total).toEqual({ nodeSeconds: 3 * 3600, costUsd: 5.000003 });
  });

  it('is unknown, not free, where a price is unknown', async () => {
    await ran(at(1), at(2), null);
    expect((await usage(DAY)).total).toEqual({ nodeSeconds: 3600, costUsd: null });
  });

  it('is nothing where nothing ran', async () => {
    expect(await usage(DAY)).toMatchObject({ items: [], total: { nodeSeconds: 0, costUsd: 0 } });
  });

  it.each([
    ['from=yesterday', 'from'],
    ['from=2026-03-11T00:00:00Z&to=2026-03-10T00:00:00Z', 'from'],
    ['from=2020-01-01T00:00:00Z', 'from'],
    ['from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z&by=hour', 'from'],
    ['by=century', 'by'],
  ])('%s is 422', async (query, field) => {
    const answer = await ada.request('GET', `/api/usage?${query}`);
    expect([answer.status, Object.keys(errorOf(answer).details?.fields ?? {})]).toEqual([422, [field]]);
  });
});
