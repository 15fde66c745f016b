/**
 * The dashboard in a real Chromium, against the whole running product with the real runtime: what a newcomer
 * does on the first evening, without a terminal. Runs in order; each step builds on the one before.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { BUILTIN_MODEL } from '../support/api-client.ts';
import { type Product, startProduct } from '../support/product.ts';
import { CHROMIUM, type Visit, launchBrowser, signUpInBrowser, visit } from './support/browser.ts';

const IDLE = '5 s';
const BRING_UP_MS = 60_000;

const describeInBrowser = CHROMIUM ? describe : describe.skip;

describeInBrowser('a newcomer in a browser', () => {
  let product: Product;
  let browser: Browser;
  let visitor: Visit;
  const page = () => visitor.page;
  const badge = (text: string) => page().getByTestId('badge').first().filter({ hasText: text });

  beforeAll(async () => {
    product = await startProduct({ name: 'dashboard', runtime: 'real', env: { LOCAL_RUNTIME_THREADS: '1' } });
    browser = await launchBrowser();
    visitor = await visit(browser);
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await product?.dispose();
  }, 60_000);

  it('is led to the first deploy, in three clicks from the first page', async () => {
    let clicks = 0;
    const click = async (name: string, role: 'button' | 'link') => {
      clicks += 1;
      await page().getByRole(role, { name }).click();
    };
    await page().goto(product.baseUrl);
    await click('Create one', 'link');
    await page().getByLabel('E-mail').fill('newcomer@example.test');
    await page().getByLabel('Password').first().fill('correct horse battery');
    await click('Create account', 'button');
    await click('Deploy it', 'button');
    await page().waitForURL(/\/endpoints\/endpt-[0-9a-f]{12}$/);
    expect(clicks).toBe(3);
    await badge('ONLINE').waitFor({ timeout: BRING_UP_MS });
  }, 120_000);

  it('deletes it only after typing its name', async () => {
    await page().getByRole('link', { name: 'Settings' }).click();
    await page().getByRole('button', { name: 'Delete…' }).click();
    const confirm = page().getByRole('dialog').getByRole('button', { name: 'Delete', exact: true });
    expect(await confirm.isDisabled()).toBe(true);
    await page().getByRole('dialog').getByRole('textbox').fill('SmolLM2-135M-Instruct');
    await confirm.click();
    await page()
      .getByRole('heading', { name: /is deleted/ })
      .waitFor({ timeout: 30_000 });
    expect(await product.instances()).toEqual([]);
  }, 60_000);

  it('is told at the field what is wrong, and loses nothing of what was typed', async () => {
    await page().goto(`${product.baseUrl}/deploy`);
    await page().getByLabel('Hugging Face model id').fill('no slash;here');
    await page().getByRole('button', { name: 'Deploy', exact: true }).click();
    await page().getByText('Must be a Hugging Face model id such as org/name.').waitFor();
    await page().reload();
    expect(await page().getByLabel('Hugging Face model id').inputValue()).toBe('no slash;here');
  });

  it('sees as they type what a model would run on, how it fits and what it costs, and keeps what was typed', async () => {
    const quote = page().getByTestId('quote');
    await quote.getByText('Name a model to see').waitFor();
    await page().getByLabel('Hugging Face model id').fill(BUILTIN_MODEL);
    await quote.getByText('This machine (CPU)').waitFor();
    await quote.getByText('your own machine, nothing is billed').waitFor();
    expect(await quote.textContent()).toMatch(/^This machine \(CPU\)\$0 .*1 node throughout\$0Context2,048 tokens/);
    const bar = quote.getByRole('img', {
      name: /^Of [\d.]+ GiB: Weights .* MiB, KV cache .* MiB, Overhead .* MiB, Free /,
    });
    expect(await bar.count()).toBe(1);
    await page().getByText('Why this, and where the numbers come from').click();
    await page().getByRole('row', { name: 'Price $0 an hour your own machine: nothing is billed sure' }).waitFor();
    await page().reload();
    await quote.getByText('This machine (CPU)').waitFor();
    expect(await page().getByLabel('Hugging Face model id').inputValue()).toBe(BUILTIN_MODEL);
  }, 30_000);

  it('deploys with settings of their own and watches it come up, live', async () => {
    await page().getByRole('combobox', { name: 'Sleep after' }).click();
    await page().getByRole('option', { name: IDLE, exact: true }).click();
    await page().getByRole('button', { name: 'Deploy', exact: true }).click();
    await page().waitForURL(/\/endpoints\/endpt-/);
    await badge('BUILDING').waitFor();
    await page().getByRole('list', { name: 'Steps of the start' }).waitFor();
    await badge('ONLINE').waitFor({ timeout: BRING_UP_MS });
    const timeline = page().getByRole('list', { name: 'Timeline, newest first' });
    await timeline.getByText('Online: it has answered a first completion.').waitFor();
    expect(await timeline.getByText('Starting the server.').count()).toBe(1);
  }, 90_000);

  it('gets code with the real URL and a fresh key, and the code works', async () => {
    await page().getByRole('button', { name: 'Put a fresh key in' }).click();
    const code = page().getByLabel('curl example', { exact: true });
    await code.getByText(/hvz_\w{8}_/).waitFor();
    const text = (await code.textContent()) ?? '';
    const [, url = ''] = /curl (\S+)/.exec(text) ?? [];
    const [, key = ''] = /Bearer ([^']+)'/.exec(text) ?? [];
    const [, body = ''] = /-d '([\s\S]+)'/.exec(text) ?? [];
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...(JSON.parse(body) as object), max_tokens: 4 }),
    });
    expect(answer.status).toBe(200);
  }, 60_000);

  it('sees the answer stream in the playground, with its pace, and can stop it', async () => {
    await page().getByRole('link', { name: 'Playground' }).click();
    await page().getByLabel('Message').fill('Tell me a long story about a lighthouse.');
    await page().keyboard.press('Enter');
    await page().getByTestId('answer').first().waitFor({ timeout: 30_000 });
    await page().getByRole('button', { name: 'Stop' }).click();
    await page().getByText('stopped').waitFor();
    expect(await page().getByTestId('facts').first().textContent()).toMatch(/first token after .*tokens\/s/);
  }, 60_000);

  it('sees it fall asleep, wakes it by asking, is told each step, and gets the answer without asking twice', async () => {
    await badge('SLEEPING').waitFor({ timeout: 40_000 });
    await page().getByLabel('Message').fill('Say hello.');
    await page().keyboard.press('Enter');
    const wake = page().getByTestId('wake').last();
    await wake.getByText('Your model is asleep. Waking it now.').waitFor();
    await badge('WAKING UP').waitFor({ timeout: 10_000 });
    await page().getByTestId('answer').nth(1).waitFor({ timeout: BRING_UP_MS });
    await page().getByRole('button', { name: 'Send', exact: true }).waitFor({ timeout: 60_000 });
    const told = await wake.locator('li > span:first-child').allTextContents();
    expect(told).toEqual([
      'Your model is asleep. Waking it now.',
      'Getting a machine…',
      'Starting the server…',
      'Checking that it answers…',
      'Ready, answering.',
    ]);
    expect(await page().getByTestId('failure').count()).toBe(0);
  }, 150_000);

  it('is told when the server is away, keeps what was typed, and goes on by itself', async () => {
    await page().getByLabel('Message').fill('typed before the outage');
    const recovery = product.crash('api');
    await page().getByText('Cannot reach the server, retrying.').waitFor({ timeout: 30_000 });
    await recovery;
    await page().getByText('Cannot reach the server, retrying.').waitFor({ state: 'detached', timeout: 30_000 });
    expect(await page().getByLabel('Message').inputValue()).toBe('typed before the outage');
    await page().getByRole('button', { name: 'Send', exact: true }).click();
    await page().getByTestId('answer').nth(2).waitFor({ timeout: BRING_UP_MS });
  }, 150_000);

  it('reaches everything by keyboard through the command palette', async () => {
    await page().keyboard.press('Control+k');
    await page().getByRole('combobox', { name: 'Search endpoints and pages' }).fill('tiers');
    await page().keyboard.press('Enter');
    await page().getByRole('heading', { name: 'Tiers and prices' }).waitFor();
    const connected = page().getByRole('region', { name: 'Connected tiers' });
    await connected.getByRole('row', { name: /local-cpu/ }).waitFor();
    expect(await connected.getByRole('row').count()).toBe(2);
    await page().getByRole('region', { name: 'Tiers that are not connected' }).getByText('b200-8x').waitFor();
  });

  it('signs out and is asked to sign in again', async () => {
    await page().getByRole('button', { name: 'Account' }).click();
    await page().getByRole('menuitem', { name: 'Sign out' }).click();
    await page().getByRole('heading', { name: 'Sign in' }).waitFor();
    await page().goto(`${product.baseUrl}/keys`);
    await page().waitForURL(/\/sign-in\?next=%2Fkeys$/);
  });

  it('has met no page that breaks its content policy or throws', () => {
    expect(visitor.problems).toEqual([]);
  });

  it('another visitor sees nothing of theirs', async () => {
    const other = await visit(browser);
    await signUpInBrowser(other.page, product.baseUrl, 'other');
    expect(other.problems).toEqual([]);
    await other.close();
  });
});
