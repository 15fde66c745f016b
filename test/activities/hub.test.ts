import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHub } from '../../activities/hub.ts';
import type { UserError } from '../../domain/errors.ts';
import { FAKE_COMMIT, type FakeHub, startFakeHub } from '../support/fake-hub.ts';

let fake: FakeHub;

beforeAll(async () => {
  fake = await startFakeHub();
});
afterAll(async () => {
  await fake?.close();
});

const hub = (token: string | null = null) => createHub({ endpoint: fake.url, token });
const wish = (model: string, token: string | null = null, revision: string | null = null) => ({
  model,
  revision,
  token,
});
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: UserError) => error,
  );

describe('the Hub', () => {
  it('lists every file of a model over all pages, at one commit', async () => {
    const { files, commit } = await hub().listFiles(wish('fake/many-files-GGUF'));
    expect(commit).toBe(FAKE_COMMIT);
    expect(files.map((file) => file.path)).toContain('model-Q4_1.gguf');
    expect(files).toHaveLength(9);
  });

  it.each([
    ['a model that does not exist', 'fake/nothing', null, 'model_not_found'],
    ['a private model without a token', 'fake/private-GGUF', null, 'model_not_found'],
    ['a model that does not exist, asked for with a token', 'fake/nothing', 'hf_accepted', 'model_not_found'],
    ['a Hub that is down', 'fake/down-GGUF', null, 'hub_unavailable'],
  ])('explains %s', async (_, model, token, code) => {
    expect((await failure(hub().listFiles(wish(model, token)))).code).toBe(code);
  });

  it('tells a revision that does not exist from a model that does not', async () => {
    const error = await failure(hub().listFiles(wish('fake/tiny-GGUF', null, 'no-such-branch')));
    expect(error.code).toBe('model_not_found');
    expect(error.message).toContain('no-such-branch');
  });

  it('keeps how long a busy Hub wants to be left alone', async () => {
    const error = await failure(hub().listFiles(wish('fake/busy-GGUF')));
    expect([error.code, error.headers['retry-after']]).toEqual(['hub_unavailable', '1']);
  });

  it('shows the listing of a gated model to everybody, and its files only to a token that may read them', async () => {
    const listing = await hub().listFiles(wish('fake/gated-GGUF'));
    expect(listing.gated).toBe(true);
    const error = await failure(hub().checkReadable(wish('fake/gated-GGUF', null, listing.commit), 'model-Q4_1.gguf'));
    expect(error.code).toBe('model_gated');
    expect(error.message).toContain(`Accept the licence at ${fake.url}/fake/gated-GGUF`);
    await hub().checkReadable(wish('fake/gated-GGUF', 'hf_accepted', listing.commit), 'model-Q4_1.gguf');
  });

  it("uses the endpoint's token before the installation's", async () => {
    await hub('hf_installation').listFiles(wish('fake/tiny-GGUF', 'hf_endpoint'));
    expect(fake.requestsFor('fake/tiny-GGUF').at(-1)?.authorization).toBe('Bearer hf_endpoint');
  });

  it('is not followed to another host', async () => {
    let visits = 0;
    const elsewhere = createServer((_, res) => {
      visits += 1;
      res.end('{}');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const target = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
    const redirecting = createServer((_, res) => res.writeHead(302, { location: target }).end());
    await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}`;
    const error = await failure(createHub({ endpoint, token: 'hf_secret' }).listFiles(wish('fake/tiny-GGUF')));
    expect(error.code).toBe('hub_unavailable');
    expect(visits).toBe(0);
    elsewhere.close();
    redirecting.close();
  });
});
