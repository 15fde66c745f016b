/** The live quote of the deploy page, in a real Chromium against the whole product and a Hub of our own. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { type FakeHub, type FakeRepo, standardRepos, startFakeHub } from '../support/fake-hub.ts';
import { type Product, startProduct } from '../support/product.ts';
import { seriousFindings } from './support/accessibility.ts';
import { CHROMIUM, type Visit, launchBrowser, signUpInBrowser, visit } from './support/browser.ts';

const CLOUD_MODEL = 'open/eight-billion';

const describeInBrowser = CHROMIUM ? describe : describe.skip;

describeInBrowser('a quote while typing', () => {
  let hub: FakeHub;
  let product: Product;
  let browser: Browser;
  let visitor: Visit;
  const page = () => visitor.page;
  const quote = () => page().getByTestId('quote');
  const model = () => page().getByLabel('Hugging Face model id');
  const deploy = () => page().getByRole('button', { name: 'Deploy', exact: true });

  beforeAll(async () => {
    hub = await startFakeHub(standardRepos().set(CLOUD_MODEL, eightBillion()));
    product = await startProduct({ name: 'quote-page', runtime: 'scripted', env: { HF_ENDPOINT: hub.url } });
    browser = await launchBrowser();
    visitor = await visit(browser);
    await signUpInBrowser(page(), product.baseUrl, 'quote');
    await page().goto(`${product.baseUrl}/deploy`);
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await product?.dispose();
    await hub?.close();
  }, 60_000);

  it('says at the field that a model does not exist, with the code', async () => {
    await model().fill('no/such-model');
    const status = page().getByRole('status').filter({ hasText: 'There is no model no/such-model on the Hub' });
    await status.getByText('model_not_found').waitFor();
    await quote().getByText('No quote for this').waitFor();
  });

  it('asks for a token where a model is gated, and keeps the field while it is typed', async () => {
    await model().fill('fake/gated-GGUF');
    await page().getByRole('status').getByText('Found, and gated').waitFor();
    const token = page().getByLabel('Hugging Face token').first();
    await token.fill('hf_accepted');
    await page().getByRole('status').getByText('Found on the Hub, gated.').waitFor();
    await quote().getByText('your own machine, nothing is billed').waitFor();
    expect(await token.inputValue()).toBe('hf_accepted');
    await token.fill('');
  });

  it('moves nothing on the page when an answer comes', async () => {
    const top = async () => (await deploy().boundingBox())?.y;
    await model().fill('');
    await quote().getByText('Name a model to see').waitFor();
    const before = await top();
    await model().fill('fake/tiny-GGUF');
    await quote().getByText('This machine (CPU)').waitFor();
    expect(await top()).toBe(before);
  });

  it('shows the answer to what was typed last', async () => {
    await model().fill('no/such-model');
    await page().getByText('model_not_found').waitFor();
    await model().pressSequentially('-but-never-mind', { delay: 20 });
    await model().fill('fake/many-files-GGUF');
    await quote().getByText('This machine (CPU)').waitFor();
    expect(hub.requestsFor('such-model-but-n')).toEqual([]);
  });

  it('explains what this machine cannot run, and quotes hardware that is not connected without deploying to it', async () => {
    await model().fill(CLOUD_MODEL);
    await page().getByText('model_no_gguf').waitFor();
    await page().getByRole('combobox', { name: 'Runs on' }).click();
    await page().getByRole('option', { name: 'AWS, the cheapest that fits' }).click();
    await quote().getByText('A quote only').waitFor();
    await quote()
      .getByRole('img', { name: /^Of [\d.]+ GiB: Weights 15\.\d GiB, KV cache 4\.0 GiB, / })
      .waitFor();
    expect(await quote().textContent()).toMatch(/\$\d+\.\d\d per hour and node.*asleep throughout\$0Month, 1 node/);
    expect(await deploy().isDisabled()).toBe(true);
    expect(await seriousFindings(page())).toEqual([]);
  });

  it('takes another tier by one press, and goes back to the automatic choice', async () => {
    const other = page()
      .getByRole('button', { name: /headroom.*use instead/ })
      .first();
    const title = (await other.locator('strong').textContent()) ?? '';
    await other.click();
    await quote().getByText(title).waitFor();
    expect(await page().getByRole('combobox', { name: 'Runs on' }).inputValue()).toBe(title);
    await page().getByRole('combobox', { name: 'Runs on' }).click();
    await page().getByRole('option', { name: 'Automatic' }).click();
    await page().getByText('model_no_gguf').waitFor();
  });

  it('does not keep anybody from deploying while the Hub is down', async () => {
    await model().fill('fake/down-GGUF');
    await page().getByText('hub_unavailable').waitFor();
    await quote().getByText('You can deploy all the same').waitFor();
    expect(await seriousFindings(page())).toEqual([]);
    await deploy().click();
    await page().waitForURL(/\/endpoints\/endpt-/);
  }, 30_000);

  it('breaks no content policy and throws nothing on the way', () => {
    expect(visitor.problems).toEqual([]);
  });
});

/** The layers of an 8B model, in files of its size, so that it needs a GPU. */
function eightBillion(): FakeRepo {
  const config = Buffer.from(
    JSON.stringify({
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      torch_dtype: 'bfloat16',
      num_hidden_layers: 32,
      hidden_size: 4096,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      intermediate_size: 14336,
      vocab_size: 128_256,
      max_position_embeddings: 131_072,
    }),
  );
  const sizeBytes = 16_060_000_000;
  return {
    files: { 'config.json': config, 'model.safetensors': Buffer.alloc(16) },
    info: { safetensors: { parameters: { BF16: sizeBytes / 2 }, total: sizeBytes / 2 } },
    tree: [
      { type: 'file', oid: 'a'.repeat(40), size: config.length, path: 'config.json' },
      { type: 'file', oid: 'b'.repeat(40), size: sizeBytes, path: 'model.safetensors' },
    ],
  };
}
