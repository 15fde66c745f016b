import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ActivityDeps } from '../../activities/deps.ts';
import { sizeModel } from '../../activities/size-model.ts';
import { hubReadings } from '../../db/hub-cache.ts';
import { readLifecycle } from '../../db/lifecycle.ts';
import { secretPlace } from '../../db/secrets.ts';
import type { ProviderName } from '../../domain/endpoint.ts';
import type { UserError } from '../../domain/errors.ts';
import { GPU_OFFERS } from '../../domain/sizing/data/gpu-offers.ts';
import { createHub } from '../../hub/hub.ts';
import { createModelReader } from '../../hub/model-reader.ts';
import { REPOS } from '../hub/repos.ts';
import { type TestDatabase, createTestDatabase } from '../support/database.ts';
import { type FakeHub, type FakeRepo, standardRepos, startFakeHub } from '../support/fake-hub.ts';
import { HERE, seedEndpoint, seedOwner, testBox } from '../support/seed.ts';

const GIB = 2 ** 30;

let database: TestDatabase;
let fake: FakeHub;
let ownerId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  ownerId = await seedOwner(database.db);
  fake = await startFakeHub(new Map<string, FakeRepo>([...standardRepos(), ...Object.entries(REPOS)]));
});
afterAll(async () => {
  await database?.close();
  await fake?.close();
});

function depsWith(providers: readonly ProviderName[], usableMemoryBytes = 4 * GIB): ActivityDeps {
  return {
    db: database.db,
    secretBox: testBox,
    providers: new Map(providers.map((name) => [name, {}])),
    localMachine: () => ({ tier: 'local-cpu', usableMemoryBytes, candidates: [HERE] }),
    models: createModelReader(createHub({ endpoint: fake.url, token: null }), hubReadings(database.db)),
    offers: GPU_OFFERS,
  } as unknown as ActivityDeps;
}

async function endpointOf(model: string, spec: Record<string, unknown> = {}): Promise<string> {
  const id = await seedEndpoint(database.db, ownerId, { sized: false });
  await database.pool.query('UPDATE endpoints SET spec = spec || $2::jsonb WHERE id = $1', [
    id,
    JSON.stringify({ model, ...spec }),
  ]);
  return id;
}

async function giveToken(endpointId: string, token: string): Promise<void> {
  await database.pool.query(
    `INSERT INTO endpoint_secrets (endpoint_id, owner_id, name, ciphertext) VALUES ($1, $2, 'hugging_face_token', $3)`,
    [endpointId, ownerId, testBox.seal(token, secretPlace.endpoint(endpointId, 'hugging_face_token'))],
  );
}

async function failure(deps: ActivityDeps, endpointId: string): Promise<UserError> {
  return sizeModel(deps, { endpointId }).then(
    () => {
      throw new Error('expected a failure');
    },
    (error: UserError) => error,
  );
}

const here = () => depsWith(['local']);

describe('on this machine', () => {
  it('a GGUF model is sized by its file and its own shape, and the plan is recorded', async () => {
    const endpointId = await endpointOf('kind/gguf');
    expect(await sizeModel(here(), { endpointId })).toMatchObject({
      tier: 'local-cpu',
      provider: 'local',
      candidates: 1,
    });
    const { sizing } = (await readLifecycle(database.db, endpointId)) ?? {};
    expect(sizing).toMatchObject({ confidence: 'high', weightsBytes: 4096, files: [{ path: 'model-Q4_K_M.gguf' }] });
  });

  it('the built-in model needs no Hub', async () => {
    const before = fake.requests.length;
    const endpointId = await seedEndpoint(database.db, ownerId, { sized: false });
    expect(await sizeModel(here(), { endpointId })).toMatchObject({ tier: 'local-cpu' });
    expect(fake.requests.length).toBe(before);
  });

  it.each([
    ['kind/dense', 'model_no_gguf', /GGUF/],
    ['kind/nothing', 'model_not_found', /no model/],
    ['fake/down-GGUF', 'hub_unavailable', /Hub/],
    ['kind/private', 'model_not_found', /token/],
  ])('%s fails as %s', async (model, code, words) => {
    const error = await failure(here(), await endpointOf(model));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(words)]);
  });

  it('a model that does not fit is refused with numbers', async () => {
    const error = await failure(depsWith(['local'], 100_000), await endpointOf('kind/gguf'));
    expect([error.code, error.details]).toEqual([
      'model_too_large',
      expect.objectContaining({ usableMemoryBytes: 100_000, requiredMemoryBytes: expect.any(Number) }),
    ]);
  });
});

describe('a gated model', () => {
  it.each(['fake/gated-GGUF', 'fake/closed-0.1B-GGUF'])(
    '%s is sized, then fails at the download with the remedy, until a token may have it',
    async (model) => {
      const endpointId = await endpointOf(model);
      const error = await failure(here(), endpointId);
      expect([error.code, error.message]).toEqual([
        'model_gated',
        expect.stringMatching(/[Aa]ccept the licence.*token/),
      ]);
      const record = await readLifecycle(database.db, endpointId);
      expect([record?.sizing?.tier, record?.stage]).toEqual(['local-cpu', 'downloading_weights']);
      await giveToken(endpointId, 'hf_accepted');
      expect(await sizeModel(here(), { endpointId })).toMatchObject({ candidates: 1 });
    },
  );

  it("whose reading another owner's token left is still closed to this one", async () => {
    const open = await endpointOf('fake/another-gated-GGUF');
    await giveToken(open, 'hf_accepted');
    await sizeModel(here(), { endpointId: open });
    expect((await failure(here(), await endpointOf('fake/another-gated-GGUF'))).code).toBe('model_gated');
  });
});

describe('with a cloud', () => {
  it('what this machine cannot run goes to the cheapest GPUs, with a price for each candidate', async () => {
    const endpointId = await endpointOf('kind/dense');
    const summary = await sizeModel(depsWith(['local', 'aws']), { endpointId });
    expect(summary).toMatchObject({ provider: 'aws' });
    const { rows } = await database.pool.query(
      'SELECT tier, provider, usd_micros_per_hour FROM pricing WHERE endpoint_id = $1',
      [endpointId],
    );
    expect(rows).toMatchObject([{ tier: summary.tier, provider: 'aws', usd_micros_per_hour: expect.any(Number) }]);
  });

  it('one that turns out dearer than its owner agreed to is not built, and no dearer place is tried', async () => {
    const cheap = await endpointOf('kind/dense', { usdMicrosPerNodeHourMax: 100 });
    const error = await failure(depsWith(['aws', 'gcp']), cheap);
    expect([error.code, error.message]).toEqual(['price_not_accepted', expect.stringMatching(/acceptPrice/)]);
    expect((await readLifecycle(database.db, cheap))?.sizing).toBeNull();
    const some = await endpointOf('kind/dense', { usdMicrosPerNodeHourMax: 820_000 });
    await sizeModel(depsWith(['aws', 'gcp']), { endpointId: some });
    const { sizing } = (await readLifecycle(database.db, some)) ?? {};
    expect(sizing?.candidates.map(({ usdMicrosPerHour }) => usdMicrosPerHour)).toEqual([706_830, 804_800]);
  });

  it('an endpoint that is to be local stays local', async () => {
    const error = await failure(depsWith(['local', 'aws']), await endpointOf('kind/dense', { provider: 'local' }));
    expect(error.code).toBe('model_no_gguf');
  });

  it('a gated model is sized by its name and fails at the download', async () => {
    const endpointId = await endpointOf('kind/hidden-8B', { provider: 'aws' });
    expect((await failure(depsWith(['aws']), endpointId)).code).toBe('model_gated');
    expect((await readLifecycle(database.db, endpointId))?.sizing).toMatchObject({ source: 'name-hint' });
  });
});
