import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gatherFacts } from '../../domain/sizing/gather-facts.ts';
import type { UserError } from '../../domain/errors.ts';
import { createHub } from '../../hub/hub.ts';
import type { ModelReading } from '../../hub/reading.ts';
import { FAKE_COMMIT, type FakeHub, type FakeRepo, startFakeHub } from '../support/fake-hub.ts';
import { REPOS } from './repos.ts';

let fake: FakeHub;
beforeAll(async () => {
  fake = await startFakeHub(new Map<string, FakeRepo>(Object.entries(REPOS)));
});
afterAll(() => fake?.close());

const hub = (token: string | null = null) => createHub({ endpoint: fake.url, token });

async function read(model: string, token: string | null = null): Promise<ModelReading> {
  const reading = await hub().readModel({ model, revision: null, token });
  if (reading === 'unchanged') throw new Error('unchanged');
  return reading;
}

async function failure(promise: Promise<unknown>): Promise<UserError> {
  return promise.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: UserError) => error,
  );
}

const sizeOf = (model: string, ...paths: string[]) =>
  paths.reduce((sum, path) => sum + (REPOS[model]?.files[path]?.length ?? Number.NaN), 0);
const SHARD_PATHS = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];

describe('a model is sized by the bytes of its chosen files', () => {
  it.each<[string, string[], string, string]>([
    ['kind/dense', ['model.safetensors'], 'safetensors', 'bf16'],
    ['kind/sharded', SHARD_PATHS, 'safetensors', 'bf16'],
    ['kind/duplicated', SHARD_PATHS, 'safetensors', 'bf16'],
    ['kind/two-shard-sets', SHARD_PATHS, 'safetensors', 'bf16'],
    ['kind/gptq', ['model.safetensors'], 'safetensors', 'int4'],
    ['kind/awq', ['model.safetensors'], 'safetensors', 'int4'],
    ['kind/fp8', ['model.safetensors'], 'safetensors', 'fp8'],
    ['kind/mxfp4', ['model.safetensors'], 'safetensors', 'mxfp4'],
    ['kind/nvfp4', ['model.safetensors'], 'safetensors', 'nvfp4'],
    ['kind/bitsandbytes', ['model.safetensors'], 'safetensors', 'int4'],
    ['kind/consolidated', ['consolidated.safetensors'], 'consolidated', 'bf16'],
    ['kind/bin', ['pytorch_model.bin'], 'pytorch', 'bf16'],
    ['kind/gguf', ['model-Q4_K_M.gguf'], 'gguf', 'gguf'],
    ['kind/paged', ['model.safetensors'], 'safetensors', 'bf16'],
  ])('%s', async (model, paths, format, quantization) => {
    const reading = await read(model);
    const facts = gatherFacts(reading.evidence);
    expect(reading.trouble).toBeNull();
    expect(facts).toMatchObject({ revision: FAKE_COMMIT, source: 'metadata', format });
    expect(facts.files.map((file) => file.path)).toEqual(paths);
    expect([facts.weightsBytes, facts.quantization?.format]).toEqual([sizeOf(model, ...paths), quantization]);
  });

  it.each(Object.keys(REPOS).filter((model) => !REPOS[model]?.faults))(
    '%s takes fewer than six requests and a page',
    async (model) => {
      const before = fake.requests.length;
      await read(model).catch(() => null);
      const pages = (REPOS[model]?.pageSize ?? 0) > 0 ? 4 : 0;
      // An adapter that names its base only in a file of its own costs that one file more.
      const more = model === 'kind/adapter-without-card' ? 1 : 0;
      expect(fake.requests.length - before).toBeLessThan(6 + pages + more);
    },
  );

  it('knows the shape from config.json, and that a repository brings code of its own', async () => {
    const facts = gatherFacts((await read('kind/remote-code')).evidence);
    expect([facts.confidence, facts.needsRemoteCode, facts.shape?.maxPosition]).toEqual(['high', true, 4096]);
  });
});

describe('an adapter', () => {
  it.each(['kind/adapter', 'kind/adapter-without-card'])('%s is sized with its base', async (model) => {
    const facts = gatherFacts((await read(model)).evidence);
    const bytes = sizeOf('kind/dense', 'model.safetensors') + sizeOf(model, 'adapter_model.safetensors');
    expect([facts.weightsBytes, facts.shape?.maxPosition]).toEqual([bytes, 4096]);
    expect(facts.notes?.join()).toContain('kind/dense');
  });

  it('whose base has no name is of unknown size', async () => {
    expect(gatherFacts((await read('kind/adapter-of-nothing')).evidence).weightsBytes).toBe(0);
  });
});

describe('a model that may not be read', () => {
  it('is sized by its listing while the rest is a bound, and says so', async () => {
    const { evidence, trouble, state } = await read('kind/gated-8B');
    expect([trouble, state.gated, evidence.config]).toEqual(['denied', true, null]);
    expect(gatherFacts(evidence)).toMatchObject({ source: 'metadata', confidence: 'medium', shape: null });
  });

  it('is sized by its name when not even its list is shown', async () => {
    for (const token of [null, 'hf_stranger']) {
      const { evidence, trouble } = await read('kind/hidden-8B', token);
      expect(trouble).toBe('denied');
      expect(gatherFacts(evidence)).toMatchObject({ source: 'name-hint', parameters: 8e9 });
    }
  });

  it('is read whole with a token that may', async () => {
    const { evidence, trouble } = await read('kind/hidden-8B', 'hf_accepted');
    expect([trouble, gatherFacts(evidence).confidence]).toEqual([null, 'high']);
  });

  it('and is private is one that does not exist, without a token and with another', async () => {
    for (const token of [null, 'hf_stranger'])
      expect((await failure(read('kind/private', token))).code).toBe('model_not_found');
    expect((await read('kind/private', 'hf_member')).state.private).toBe(true);
  });
});

describe('a failure is told apart', () => {
  it.each([
    ['kind/nothing', null, 'model_not_found'],
    ['kind/nothing', 'hf_accepted', 'model_not_found'],
  ])('%s', async (model, token, code) => {
    expect((await failure(read(model, token))).code).toBe(code);
  });

  it('a revision that does not exist from a model that does not', async () => {
    const error = await failure(hub().readModel({ model: 'kind/dense', revision: 'no-such-branch', token: null }));
    expect([error.code, error.message]).toEqual(['model_not_found', expect.stringContaining('no-such-branch')]);
  });

  it.each([
    ['kind/busy', '1'],
    ['kind/broken', '5'],
  ])('%s says when to come back, and answers then', async (model, seconds) => {
    const error = await failure(read(model));
    expect([error.code, error.headers['retry-after']]).toEqual(['hub_unavailable', seconds]);
    expect((await read(model)).trouble).toBeNull();
  });

  it('a Hub that is not there', async () => {
    const gone = createHub({ endpoint: 'http://127.0.0.1:1', token: null });
    expect((await failure(gone.readModel({ model: 'kind/dense', revision: null, token: null }))).code).toBe(
      'hub_unavailable',
    );
  });

  it('a kind of model that cannot be served', async () => {
    const { evidence } = await read('kind/diffusers');
    expect(() => gatherFacts(evidence)).toThrow(/text-to-image/);
  });

  it('an index without its shards says nothing', async () => {
    expect(gatherFacts((await read('kind/index-without-shards')).evidence).weightsBytes).toBe(0);
  });
});

describe('a token', () => {
  it("of the endpoint goes before the installation's, whatever it looks like", async () => {
    await hub('hf_installation').readModel({ model: 'kind/dense', revision: null, token: 'not-hf-shaped' });
    expect(fake.requestsFor('kind/dense').at(-1)?.authorization).toBe('Bearer not-hf-shaped');
  });

  it('decides whether a file may be had', async () => {
    const check = (token: string | null) =>
      hub().checkReadable({ model: 'kind/gated-8B', revision: FAKE_COMMIT, token }, 'model.safetensors');
    const error = await failure(check(null));
    expect([error.code, error.message]).toEqual([
      'model_gated',
      expect.stringContaining(`Accept the licence at ${fake.url}/kind/gated-8B`),
    ]);
    expect((await failure(check('hf_stranger'))).code).toBe('model_gated');
    await check('hf_accepted');
  });

  it('is in nothing that is returned or thrown', async () => {
    const reading = await read('kind/gated-8B', 'hf_accepted');
    const error = await failure(read('kind/nothing', 'hf_accepted'));
    const text = JSON.stringify([reading, error.message, error.details, error.headers, String(error.cause)]);
    expect(text).not.toContain('hf_accepted');
  });
});
