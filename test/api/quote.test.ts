import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import type { Quote, TierList } from '../../api/contract.ts';
import { hubReadings } from '../../db/hub-cache.ts';
import { recordMachines } from '../../db/machines.ts';
import { LOCAL_TIER_ID } from '../../domain/tiers.ts';
import { createHub } from '../../hub/hub.ts';
import { createModelReader } from '../../hub/model-reader.ts';
import type { Answer } from '../support/api-client.ts';
import { type FakeHub, type FakeRepo, startFakeHub } from '../support/fake-hub.ts';
import { REPOS } from '../hub/repos.ts';
import { type TestApi, type TestUser, PROVISION_BODY, errorOf, signUp, startTestApi } from './support/test-api.ts';

const GIB = 2 ** 30;
const machine = (usableMemoryBytes: number) => ({
  tier: LOCAL_TIER_ID,
  usableMemoryBytes,
  candidates: [
    {
      provider: 'local' as const,
      tier: LOCAL_TIER_ID,
      instanceType: 'this-machine',
      region: 'local',
      zone: null,
      purchaseOption: 'on_demand' as const,
      usdMicrosPerHour: 0,
    },
  ],
});

/** A repository of this many bytes, by its list; nothing is downloaded here. */
const sized = (path: string, size: number): FakeRepo => ({
  ...(REPOS['kind/dense'] as FakeRepo),
  tree: [
    { type: 'file', path: 'config.json', size: 300 },
    { type: 'file', path, size },
  ],
});

let fake: FakeHub;
let api: TestApi;
let ada: TestUser;
beforeAll(async () => {
  const repos = new Map<string, FakeRepo>(Object.entries(REPOS));
  repos.set('org/large-GGUF', sized('large-Q4_K_M.gguf', 40 * GIB));
  repos.set('org/llama-8B', sized('model.safetensors', 16e9));
  repos.set('org/giant', sized('model.safetensors', 9e12));
  repos.set('org/busy', { files: {}, oddities: { info: { kind: 'status', status: 503 } } });
  fake = await startFakeHub(repos);
  api = await startTestApi();
  // The document route and all others hold the same object.
  api.deps.models = createModelReader(createHub({ endpoint: fake.url, token: null }), hubReadings(api.database.db));
  ada = await signUp(api);
});
afterAll(async () => {
  await api?.close();
  await fake?.close();
});
beforeEach(async () => {
  api.deps.limitUsdMicrosPerHour = null;
  await recordMachines(api.database.db, [{ provider: 'local', machine: machine(8 * GIB) }]);
});

const withClouds = () =>
  recordMachines(api.database.db, [
    { provider: 'local', machine: machine(8 * GIB) },
    { provider: 'aws', machine: null },
  ]);
const ask = (body: object, path = '/api/quote'): Promise<Answer> =>
  ada.request('POST', path, { body: { ...PROVISION_BODY, ...body } });
async function quote(body: object): Promise<Quote> {
  const answer = await ask(body);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.json as Quote;
}
async function counts(): Promise<string> {
  const { rows } = await api.database.pool.query(
    'SELECT (SELECT count(*) FROM endpoints) AS e, (SELECT count(*) FROM outbox) AS o, (SELECT count(*) FROM endpoint_events) AS v',
  );
  return JSON.stringify(rows);
}

describe('a quote', () => {
  it('for this machine names memory, price and the source of every number, and records nothing', async () => {
    const before = await counts();
    const shown = await quote({ model: 'kind/gguf' });
    expect(shown).toMatchObject({
      tier: 'local-cpu',
      provider: 'local',
      deployable: true,
      notDeployableReason: null,
      source: 'metadata',
      confidence: 'high',
      memory: { weightsBytes: 4096, usableBytes: 8 * GIB },
      price: { usdPerHour: 0, usdPerMonthMin: 0, usdPerMonthMax: 0, needsAcceptance: false },
    });
    expect(shown.numbers.map(({ name }) => name)).toEqual([
      'weights',
      'kvCache',
      'overhead',
      'usableMemory',
      'contextLength',
      'volume',
      'price',
    ]);
    for (const { source } of shown.numbers) expect(source).not.toBe('');
    expect(await counts()).toBe(before);
  });

  it('for the model that comes along asks nobody', async () => {
    const before = fake.requests.length;
    expect(await quote({})).toMatchObject({ tier: 'local-cpu', source: 'builtin' });
    expect(fake.requests.length).toBe(before);
  });

  it('for a cloud that is not here shows hardware, alternatives and price, and that it cannot be carried out', async () => {
    const shown = await quote({ model: 'org/llama-8B', provider: 'aws', minNodes: 1, maxNodes: 3 });
    expect(shown).toMatchObject({ deployable: false, provider: 'aws', tensorParallel: 1 });
    expect(shown.notDeployableReason).toContain('no provider "aws"');
    const { usdPerHour } = shown.price;
    if (usdPerHour === null) throw new Error('no price');
    expect(shown.price.usdPerMonthMin).toBeCloseTo(usdPerHour * 730, 4);
    expect(shown.price.usdPerMonthMax).toBeCloseTo(usdPerHour * 730 * 3, 4);
    expect(shown.memory.perGpu?.weightsBytes).toBeGreaterThanOrEqual(16e9);
    expect(shown.memory.marginBytesPerGpu).toBeGreaterThan(1.5 * GIB);
    expect(shown.alternatives.length).toBeGreaterThan(0);
    expect(shown.runtimeFlags).toContain('--max-model-len');
    expect(shown.volumeGiB).toBeGreaterThanOrEqual(100);
  });

  it('takes this machine where the model fits, else the cheapest cloud that is here', async () => {
    await withClouds();
    expect(await quote({ model: 'kind/gguf' })).toMatchObject({ provider: 'local', deployable: true });
    expect(errorOf(await ask({ model: 'org/large-GGUF' })).code).toBe('model_too_large');
    expect(await quote({ model: 'org/llama-8B' })).toMatchObject({ provider: 'aws', deployable: true });
  });

  it('for a tier that nobody here has is shown, and says so', async () => {
    const shown = await quote({ model: 'org/llama-8B', tier: 'h100-1x' });
    expect(shown).toMatchObject({ tier: 'h100-1x', deployable: false });
    expect(shown.notDeployableReason).toContain('h100-1x');
  });

  it.each([
    ['kind/dense', {}, 422, 'model_no_gguf'],
    ['org/large-GGUF', {}, 422, 'model_too_large'],
    ['org/giant', { provider: 'gcp' }, 422, 'model_too_large'],
    ['kind/diffusers', { provider: 'aws' }, 422, 'model_unsupported'],
    ['kind/adapter-of-nothing', { provider: 'aws' }, 422, 'hardware_undetermined'],
    ['kind/nothing', {}, 422, 'model_not_found'],
    ['org/busy', {}, 503, 'hub_unavailable'],
  ])('of %s %j is refused with a code and numbers', async (model, more, status, code) => {
    const answer = await ask({ model, ...more });
    expect([answer.status, errorOf(answer).code]).toEqual([status, code]);
    if (status === 503) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('of a gated model rests on its name and says what to do', async () => {
    const shown = await quote({ model: 'kind/hidden-8B', provider: 'aws' });
    expect(shown).toMatchObject({ source: 'name-hint', confidence: 'low', gated: true });
    expect(shown.warnings.join()).toContain(`accept the licence at ${fake.url}/kind/hidden-8B`);
    expect(await quote({ model: 'kind/hidden-8B', provider: 'aws', huggingFaceToken: 'hf_accepted' })).toMatchObject({
      source: 'metadata',
      confidence: 'high',
    });
  });

  it('refuses what provisioning refuses', async () => {
    for (const [field, body] of Object.entries({
      gpus: { gpus: 8 },
      tier: { tier: 'moon-1x' },
      region: { region: 'us-east-1' },
      minNodes: { minNodes: 2 },
    })) {
      const answer = await ask(body);
      expect([answer.status, Object.keys(errorOf(answer).details?.fields ?? {})]).toEqual([422, [field]]);
    }
  });

  it('may be asked for by a key that only reads', async () => {
    const { key } = await ada.createKey({ scopes: ['read'] });
    const headers = { cookie: '', authorization: `Bearer ${key}` };
    const quoted = await ada.request('POST', '/api/quote', { body: PROVISION_BODY, headers });
    const provisioned = await ada.request('POST', '/api/provision', { body: PROVISION_BODY, headers });
    expect([quoted.status, provisioned.status]).toEqual([200, 403]);
  });

  it('waits for the worker to say what is here', async () => {
    await recordMachines(api.database.db, []);
    const answer = await ask({});
    expect([answer.status, errorOf(answer).code]).toEqual([503, 'dependency_unavailable']);
    expect((await ask({}, '/api/provision')).status).toBe(202);
  });

  it('costs under 50 ms of CPU and no request once the model is known', async () => {
    const body = { model: 'org/llama-8B', provider: 'aws' };
    await quote(body);
    const requests = fake.requests.length;
    const rounds = 20;
    const before = process.cpuUsage();
    for (let round = 0; round < rounds; round++) await quote(body);
    const { user, system } = process.cpuUsage(before);
    expect(fake.requests.length).toBe(requests);
    // All of it: client, HTTP, session, two queries, sizing.
    expect((user + system) / 1000 / rounds).toBeLessThan(50);
  });
});

describe('provisioning', () => {
  const stored = async (answer: Answer) => {
    expect([answer.status, answer.status === 202 ? '' : answer.text]).toEqual([202, '']);
    const { endpointId } = answer.json as { endpointId: string };
    const { rows } = await api.database.pool.query(
      'SELECT e.sizing, p.* FROM endpoints e JOIN pricing p ON p.endpoint_id = e.id WHERE e.id = $1',
      [endpointId],
    );
    return rows[0] as { sizing: Record<string, unknown> | null; usd_micros_per_hour: number | null; source: string };
  };

  it('records what the quote said', async () => {
    await withClouds();
    const shown = await quote({ model: 'org/llama-8B' });
    const row = await stored(await ask({ model: 'org/llama-8B' }, '/api/provision'));
    expect(row).toMatchObject({
      tier: shown.tier,
      provider: shown.provider,
      source: shown.price.source,
      sizing: { tier: shown.tier, contextLength: shown.contextLength, weightsBytes: shown.memory.weightsBytes },
    });
    expect((row.usd_micros_per_hour ?? 0) / 1e6).toBe(shown.price.usdPerHour);
  });

  it.each(['kind/hidden-8B', 'org/busy'])(
    'of %s, which the Hub does not tell of, is taken up at once',
    async (model) => {
      expect((await stored(await ask({ model }, '/api/provision'))).sizing).toBeNull();
    },
  );

  it.each([
    ['kind/nothing', 'model_not_found'],
    ['org/large-GGUF', 'model_too_large'],
    ['kind/dense', 'model_no_gguf'],
  ])('of %s, which can never run here, is refused at once', async (model, code) => {
    const before = await counts();
    const answer = await ask({ model }, '/api/provision');
    expect([answer.status, errorOf(answer).code, await counts()]).toEqual([422, code, before]);
  });

  it('above the limit needs a yes, with the numbers', async () => {
    await withClouds();
    api.deps.limitUsdMicrosPerHour = 1_000_000;
    const body = { model: 'org/llama-8B', maxNodes: 4 };
    const shown = await quote(body);
    expect(shown.price).toMatchObject({ needsAcceptance: true, limitUsdPerHour: 1 });
    const before = await counts();
    const refused = await ask(body, '/api/provision');
    expect([refused.status, errorOf(refused).code]).toEqual([409, 'price_not_accepted']);
    expect(errorOf(refused).details).toMatchObject({ usdPerHourMax: shown.price.usdPerHourMax, limitUsdPerHour: 1 });
    expect(await counts()).toBe(before);
    expect((await ask({ ...body, acceptPrice: true }, '/api/provision')).status).toBe(202);
  });

  it('within the limit tries no dearer place of the same tier, and the lifecycle is held to it', async () => {
    await withClouds();
    api.deps.limitUsdMicrosPerHour = 4_000_000;
    const body = { model: 'org/llama-8B', tier: 'rtx-pro-6000-1x' };
    const shown = await quote(body);
    expect([shown.price.needsAcceptance, shown.instanceTypes]).toEqual([false, ['g7e.2xlarge', 'g7e.4xlarge']]);
    expect((await quote({ ...body, acceptPrice: true })).instanceTypes).toContain('g7e.8xlarge');
    const provisioned = await ask(body, '/api/provision');
    const { sizing } = await stored(provisioned);
    expect((sizing as { candidates: unknown[] } | null)?.candidates).toHaveLength(2);
    const { rows } = await api.database.pool.query('SELECT spec FROM endpoints WHERE id = $1', [
      (provisioned.json as { endpointId: string }).endpointId,
    ]);
    expect(rows).toMatchObject([{ spec: { usdMicrosPerNodeHourMax: 4_000_000 } }]);
  });

  it('at a price that nobody knows needs a yes where there is a limit, and on this machine never', async () => {
    await withClouds();
    api.deps.limitUsdMicrosPerHour = 1_000_000;
    expect(errorOf(await ask({ model: 'org/busy' }, '/api/provision')).code).toBe('price_not_accepted');
    expect((await ask({ model: 'org/busy', provider: 'local' }, '/api/provision')).status).toBe(202);
    expect((await ask({ maxNodes: 64 }, '/api/provision')).status).toBe(202);
  });
});

describe('the tiers', () => {
  it('are all shown with memory, price and whether they can be had here', async () => {
    const read = async () => ((await ada.request('GET', '/api/tiers')).json as z.infer<typeof TierList>).items;
    const items = await read();
    expect(items[0]).toMatchObject({ id: 'local-cpu', available: true, usdPerHour: 0, usableMemoryGiBPerGpu: 8 });
    expect(items.map(({ id }) => id)).toEqual(expect.arrayContaining(['l4-1x', 'a10g-1x', 'h100-8x', 'b200-8x']));
    expect(items.filter(({ available }) => available)).toHaveLength(1);
    expect(items.every(({ usableMemoryGiBPerGpu }) => (usableMemoryGiBPerGpu ?? 0) > 0)).toBe(true);
    await withClouds();
    expect((await read()).filter(({ available }) => available).length).toBeGreaterThan(10);
  });
});

describe('a retry', () => {
  it('may bring another token, which is sealed and not shown', async () => {
    const id = await ada.provision({ model: 'kind/hidden-8B' });
    await api.database.pool.query(
      "UPDATE endpoints SET status = 'failed', failure_generation = 1, status_reason = 'model_gated' WHERE id = $1",
      [id],
    );
    const retried = await ada.request('POST', `/api/endpoints/${id}/retry`, {
      body: { huggingFaceToken: 'hf_CANARY42' },
    });
    expect(retried.status).toBe(202);
    const shown = await ada.request('GET', `/api/endpoints/${id}`);
    expect(shown.json).toMatchObject({ spec: { huggingFaceToken: { set: true, last4: 'RY42' } } });
    expect(shown.text + retried.text).not.toContain('hf_CANARY42');
  });

  it.each([{ token: 'hf_12345678' }, { huggingFaceToken: 'a b' }, { huggingFaceToken: null }])(
    'with %j is refused',
    async (body) => {
      const id = await ada.provision({ model: 'kind/hidden-8B' });
      expect((await ada.request('POST', `/api/endpoints/${id}/retry`, { body })).status).toBe(422);
    },
  );
});
