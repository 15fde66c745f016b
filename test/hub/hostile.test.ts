/** A Hub, or somebody between us and it, that wants to do harm: every answer ends soon in a plan or a typed error. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UserError } from '../../domain/errors.ts';
import { GPU_OFFERS } from '../../domain/sizing/data/gpu-offers.ts';
import { planPlacement } from '../../domain/sizing/plan-placement.ts';
import { tiersFor } from '../../domain/tiers.ts';
import { createHub } from '../../hub/hub.ts';
import { type FakeHub, type FakeRepo, type Oddity, startFakeHub } from '../support/fake-hub.ts';
import { CONFIG, REPOS } from './repos.ts';

const capacity = { providers: ['aws', 'gcp'] as const, machine: null, offers: GPU_OFFERS };
const wish = { region: null, tier: null, contextLength: null, targetConcurrency: null };
const TIER_IDS = new Set(tiersFor({ providers: capacity.providers }).map(({ id }) => id));

let elsewhere = '';
let visits = 0;
let fake: FakeHub;
const other = createServer((_, res) => {
  visits += 1;
  res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
});

const dense = REPOS['kind/dense'] as FakeRepo;
const files = (sizes: unknown[]) =>
  sizes.map((size, at) => ({
    type: 'file',
    path: sizes.length === 1 ? 'model.safetensors' : `model-0000${at + 1}-of-0000${sizes.length}.safetensors`,
    size,
  }));
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const odd = (what: string, oddity: Oddity): FakeRepo => ({ ...dense, oddities: { [what]: oddity } });
const text = (value: string): Oddity => ({ kind: 'text', text: value });

const REPO_CASES: Record<string, () => FakeRepo> = {
  'a size of 1e308': () => odd('tree', text(JSON.stringify(files([0])).replace(':0}', ':1e308}'))),
  'a negative size': () => ({ ...dense, tree: files([-5e9]) }),
  'a size that is text': () => ({ ...dense, tree: files(['17179869184']) }),
  'a size of null, as NaN is written': () => ({ ...dense, tree: files([Number.NaN]) }),
  'one good size of two': () => ({ ...dense, tree: files([1e9, null]) }),
  'a size of 2^53': () => ({ ...dense, tree: files([2 ** 53]) }),
  'a list that is an object': () => ({ ...dense, tree: { files: 1 } }),
  'a list of nulls': () => ({ ...dense, tree: [null, 1, 'x', []] }),
  'paths that climb': () => ({ ...dense, tree: [{ type: 'file', path: '../../model.safetensors', size: 1 }] }),
  'infinitely many parameters': () => ({
    ...dense,
    tree: [],
    info: { safetensors: { parameters: { BF16: 1e308, F32: -1, I8: '9' }, total: 1e308 } },
  }),
  'info that is a list': () => odd('info', text('[]')),
  'info that is null': () => odd('info', text('null')),
  'info that is half JSON': () => odd('info', text('{"id":"kind')),
  'info that is HTML': () => odd('info', text('<html>portal</html>')),
  'a task and a commit of other types': () => ({ ...dense, info: { pipeline_tag: { a: 1 }, sha: ['../..'] } }),
  'a card of other types': () => ({ ...dense, info: { cardData: [[1]], tags: { length: 9 } } }),
  'a config nested a hundred thousand deep': () => odd('config.json', text(nested(100_000))),
  'info nested a hundred thousand deep': () =>
    odd('info', text(`{"id":"a/b","sha":null,"cardData":${nested(100_000)}}`)),
  'a config of other types': () =>
    odd('config.json', text(JSON.stringify({ ...CONFIG, hidden_size: '1e9', num_hidden_layers: -1 }))),
  'a config with a NUL': () => odd('config.json', text(JSON.stringify({ ...CONFIG, model_type: '\u0000' }))),
  'a config as large as a file system': () => odd('config.json', { kind: 'endless' }),
  'an endless info': () => odd('info', { kind: 'endless' }),
  'an endless list': () => odd('tree', { kind: 'endless' }),
  'a gzip bomb': () => odd('info', { kind: 'gzip-bomb', bytes: 256 * 2 ** 20 }),
  'a redirect to another host': () => odd('info', { kind: 'redirect', to: elsewhere }),
  'a redirect to itself': () => odd('tree', { kind: 'redirect', to: '' }),
  'a next page on another host': () => odd('tree', { kind: 'next-page', to: elsewhere }),
  'a next page without end': () => odd('tree', { kind: 'next-page', to: '/api/models/kind/odd/tree/main?cursor=1' }),
  'a status of its own': () => odd('tree', { kind: 'status', status: 418 }),
  'a config that is refused': () => odd('config.json', { kind: 'status', status: 403, code: 'GatedRepo' }),
};

beforeAll(async () => {
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
  const repos = Object.values(REPO_CASES).map((make, at) => [`kind/odd-8B-${at}`, make()] as const);
  fake = await startFakeHub(new Map<string, FakeRepo>(repos));
});
afterAll(async () => {
  await fake?.close();
  await new Promise((resolve) => other.close(resolve));
});

describe('an answer with', () => {
  it.each(Object.keys(REPO_CASES).map((name, at) => [name, at] as const))(
    '%s gives a tier of the table or a typed error, and visits nobody',
    async (_name, at) => {
      const startedMs = performance.now();
      const model = `kind/odd-8B-${at}`;
      let outcome: string;
      try {
        const hub = createHub({ endpoint: fake.url, token: 'hf_CANARY' });
        const reading = await hub.readModel({ model, revision: null, token: null });
        if (reading === 'unchanged') throw new Error('unchanged');
        // What is kept must be what can be kept.
        expect(JSON.stringify(reading).length).toBeLessThan(2 ** 20);
        const { plan } = planPlacement(model, reading.evidence, capacity, wish);
        expect(Number.isFinite(plan.requiredMemoryBytes)).toBe(true);
        expect(plan.weightsBytes).toBeGreaterThan(0);
        outcome = plan.tier;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        expect(error.message).not.toContain('hf_CANARY');
        outcome = error.code;
      }
      const known = ['hub_unavailable', 'model_too_large', 'model_unsupported', 'hardware_undetermined'];
      expect(TIER_IDS.has(outcome) || known.includes(outcome) ? 'fine' : outcome).toBe('fine');
      expect(performance.now() - startedMs).toBeLessThan(3_000);
      expect(visits).toBe(0);
    },
  );

  it('nothing at all is given up on', async () => {
    const silent = await startFakeHub(new Map([['a/b', odd('info', { kind: 'silent' })]]));
    const hub = createHub({ endpoint: silent.url, token: null });
    const asked = hub.readModel({ model: 'a/b', revision: null, token: null, signal: AbortSignal.timeout(200) });
    await expect(asked).rejects.toMatchObject({ code: 'hub_unavailable' });
    await silent.close();
  });
});
