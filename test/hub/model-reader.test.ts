import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hubReadings } from '../../db/hub-cache.ts';
import type { UserError } from '../../domain/errors.ts';
import { createHub } from '../../hub/hub.ts';
import { type ModelReader, createModelReader } from '../../hub/model-reader.ts';
import type { ModelReading } from '../../hub/reading.ts';
import { type TestDatabase, createTestDatabase } from '../support/database.ts';
import { type FakeHub, type FakeRepo, startFakeHub } from '../support/fake-hub.ts';
import { REPOS } from './repos.ts';

const HOUR_MS = 3_600_000;

let database: TestDatabase;
let fake: FakeHub;
let nowMs: number;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.close());
beforeEach(async () => {
  nowMs = Date.now();
  fake = await startFakeHub(new Map<string, FakeRepo>(Object.entries(REPOS)));
});
afterEach(() => fake?.close());

const readerOf = (ownToken: string | null = null, endpoint = fake.url): ModelReader =>
  createModelReader(createHub({ endpoint, token: ownToken }), hubReadings<ModelReading>(database.db), () => nowMs);
const wish = (model: string, ownerId = 'ada', token: string | null = null) => ({
  model,
  revision: null,
  token,
  ownerId,
});
async function requestsOf<T>(work: () => Promise<T>): Promise<number> {
  const before = fake.requests.length;
  await work();
  return fake.requests.length - before;
}

describe('a model that was read', () => {
  it('is not asked for again within minutes, by nobody', async () => {
    const reader = readerOf();
    const first = await reader.read(wish('kind/dense'));
    expect(await requestsOf(() => reader.read(wish('kind/dense', 'bob')))).toBe(0);
    expect((await reader.read(wish('kind/dense', 'bob'))).evidence).toEqual(first.evidence);
  });

  it('is asked for its commit later, and read again only when that is another', async () => {
    const reader = readerOf();
    await reader.read(wish('kind/dense'));
    nowMs += HOUR_MS;
    expect(await requestsOf(() => reader.read(wish('kind/dense')))).toBe(1);
    nowMs += HOUR_MS;
    fake.repos.set('kind/dense', { ...(REPOS['kind/dense'] as FakeRepo), info: { sha: 'a'.repeat(40) } });
    // The fake Hub knows one commit only, so that the list of another is not found.
    await expect(reader.read(wish('kind/dense'))).rejects.toMatchObject({ code: 'model_not_found' });
    fake.repos.set('kind/dense', { ...(REPOS['kind/dense'] as FakeRepo), gated: 'manual' });
    expect((await reader.read(wish('kind/dense'))).trouble).toBe('denied');
  });

  it('will do while the Hub is down, for a week, and is called old', async () => {
    await readerOf().read(wish('kind/sharded'));
    fake.repos.set('kind/sharded', {
      ...(REPOS['kind/sharded'] as FakeRepo),
      oddities: { info: { kind: 'status', status: 429 } },
    });
    nowMs += 6 * 24 * HOUR_MS;
    expect((await readerOf().read(wish('kind/sharded'))).isOld).toBe(true);
    nowMs += 2 * 24 * HOUR_MS;
    await expect(readerOf().read(wish('kind/sharded'))).rejects.toMatchObject({ code: 'hub_unavailable' });
  });

  it('is a model of that Hub only', async () => {
    await readerOf().read(wish('kind/awq'));
    const other = readerOf(null, 'http://127.0.0.1:1');
    await expect(other.read(wish('kind/awq'))).rejects.toMatchObject({ code: 'hub_unavailable' });
  });
});

describe('a gated model', () => {
  it("that one owner's token read is shown to no other, nor to those without a token", async () => {
    const reader = readerOf();
    await reader.read(wish('kind/hidden-8B', 'ada', 'hf_accepted'));
    expect(await requestsOf(() => reader.read(wish('kind/hidden-8B', 'ada', 'hf_accepted')))).toBe(0);
    expect((await reader.read(wish('kind/hidden-8B', 'bob', 'hf_bob'))).evidence.files).toBeNull();
    expect((await reader.read(wish('kind/hidden-8B', 'bob'))).evidence.files).toBeNull();
    expect((await reader.read(wish('kind/hidden-8B', 'ada'))).evidence.files).toBeNull();
  });

  it('that was refused is asked for again with the next token at once', async () => {
    const reader = readerOf();
    expect((await reader.read(wish('kind/gated-8B', 'eve', 'hf_wrong'))).trouble).toBe('denied');
    expect((await reader.read(wish('kind/gated-8B', 'eve', 'hf_accepted'))).trouble).toBeNull();
  });

  it("that the installation's token read is shown to whoever uses that token", async () => {
    await readerOf('hf_accepted').read(wish('kind/hidden-8B', 'carol'));
    expect(await requestsOf(() => readerOf('hf_accepted').read(wish('kind/hidden-8B', 'dave')))).toBe(0);
    expect((await readerOf(null).read(wish('kind/hidden-8B', 'dave'))).evidence.files).toBeNull();
  });

  it('leaves no token in the records', async () => {
    await readerOf().read(wish('kind/hidden-8B', 'ada', 'hf_accepted'));
    const { rows } = await database.pool.query<{ text: string }>('SELECT t::text AS text FROM hub_readings t');
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.map((row) => row.text).join()).not.toContain('hf_');
  });
});

describe('one owner', () => {
  it('cannot have the Hub asked without end, while others, and what is known, are answered', async () => {
    const reader = readerOf();
    await reader.read(wish('kind/fp8', 'mallory'));
    const ask = (owner: string) => reader.read(wish('kind/never-was', owner));
    const codes = new Set<string>();
    const before = fake.requests.length;
    for (let at = 0; at < 70; at++) {
      await ask('mallory').catch((error: UserError) => codes.add(error.code));
    }
    expect([...codes]).toEqual(['model_not_found', 'rate_limit_exceeded']);
    expect(fake.requests.length - before).toBeLessThanOrEqual(60);
    await expect(ask('mallory')).rejects.toMatchObject({ headers: { 'retry-after': '60' } });
    await expect(ask('ada')).rejects.toMatchObject({ code: 'model_not_found' });
    expect((await reader.read(wish('kind/fp8', 'mallory'))).trouble).toBeNull();
    nowMs += 60_000;
    await expect(ask('mallory')).rejects.toMatchObject({ code: 'model_not_found' });
  });
});

it('what cannot be kept is still answered', async () => {
  const huge = Array.from({ length: 9_000 }, (_, at) => ({
    type: 'file',
    path: `${'x'.repeat(200)}-${at}.gguf`,
    size: 1,
  }));
  fake.repos.set('kind/huge', { files: {}, tree: huge.slice(0, 7_000) });
  expect((await readerOf().read(wish('kind/huge'))).evidence.files).toHaveLength(7_000);
  expect(await requestsOf(() => readerOf().read(wish('kind/huge')))).toBeGreaterThan(0);
});
