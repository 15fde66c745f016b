/**
 * Every page with a model that answers with hostile text: usable by everybody (axe, in light and dark), whole
 * on a phone, and nothing that a model says is ever run.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { BUILTIN_MODEL } from '../support/api-client.ts';
import { type Product, startProduct } from '../support/product.ts';
import { seriousFindings } from './support/accessibility.ts';
import { CHROMIUM, type Visit, launchBrowser, signUpInBrowser, visit } from './support/browser.ts';

const HOSTILE = [
  '<img src=x onerror="alert(1)">',
  '<script>alert(2)</script>',
  '[press](javascript:alert(3))',
  '![seen](http://evil.test/pixel.png)',
  '<a href="javascript:alert(4)">raw</a>',
].join(' ');

const describeInBrowser = CHROMIUM ? describe : describe.skip;

describeInBrowser('every page', () => {
  let product: Product;
  let browser: Browser;
  let visitor: Visit;
  let endpointPath: string;
  const page = () => visitor.page;

  beforeAll(async () => {
    product = await startProduct({ name: 'every-page', runtime: 'scripted' });
    browser = await launchBrowser();
    visitor = await visit(browser);
    await signUpInBrowser(page(), product.baseUrl, 'pages');
    await page().goto(`${product.baseUrl}/deploy`);
    await page().getByLabel('Hugging Face model id').fill(BUILTIN_MODEL);
    await page().getByRole('button', { name: 'Advanced' }).click();
    await page().getByLabel('Environment').fill(`SCRIPT_MARKER=${HOSTILE}`);
    await page().getByRole('button', { name: 'Deploy', exact: true }).click();
    await page().waitForURL(/\/endpoints\/endpt-/);
    endpointPath = new URL(page().url()).pathname;
    await page().getByTestId('badge').first().filter({ hasText: 'ONLINE' }).waitFor({ timeout: 30_000 });
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await product?.dispose();
  }, 60_000);

  it('shows hostile text of a model as text: no script runs, no picture loads, no link leads to a script', async () => {
    const loaded: string[] = [];
    page().on('request', (request) => loaded.push(request.url()));
    await page().goto(product.baseUrl + endpointPath);
    await page().getByRole('link', { name: 'Playground' }).click();
    await page().getByLabel('Message').fill('Attack me.');
    await page().keyboard.press('Enter');
    await page().getByTestId('facts').getByText('tokens').first().waitFor({ timeout: 30_000 });
    await page().getByRole('button', { name: 'Send', exact: true }).waitFor();
    const answer = page().getByTestId('answer').first();
    expect(await answer.textContent()).toContain('onerror');
    expect(await answer.locator('img, script, iframe, [onerror], a[href^="javascript"]').count()).toBe(0);
    await answer.getByText('press').first().click();
    expect(loaded.filter((url) => !url.startsWith(product.baseUrl))).toEqual([]);
    expect(visitor.problems).toEqual([]);
  }, 60_000);

  const pages = ['', '/playground', '/logs', '/usage', '/settings'].map((tab) => ({
    name: `endpoint${tab}`,
    path: () => endpointPath + tab,
  }));
  const others = ['/endpoints', '/deploy', '/keys', '/usage', '/tiers', '/account', '/nothing-here'].map((path) => ({
    name: path,
    path: () => path,
  }));

  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    it.each([...pages, ...others])('$name has nothing that axe calls serious', async ({ path }) => {
      await page().emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page().goto(product.baseUrl + path());
      await page().waitForLoadState('load');
      await page().locator('main h1, main h2').first().waitFor();
      await page().locator('[aria-busy="true"], .mantine-Skeleton-root').first().waitFor({ state: 'detached' });
      expect(await seriousFindings(page())).toEqual([]);
    });

    it('a quote with all its reasons has nothing that axe calls serious', async () => {
      await page().goto(`${product.baseUrl}/deploy`);
      await page().getByLabel('Hugging Face model id').fill(BUILTIN_MODEL);
      await page().getByTestId('quote').getByText('This machine (CPU)').waitFor();
      await page().locator('[data-testid="quote"][aria-busy="false"]').waitFor();
      await page().getByText('Why this, and where the numbers come from').click();
      expect(await seriousFindings(page())).toEqual([]);
    });

    it.each(['/sign-in', '/sign-up'])('%s has nothing that axe calls serious', async (path) => {
      const stranger = await visit(browser, { colorScheme });
      await stranger.page.goto(product.baseUrl + path);
      await stranger.page.getByRole('heading').first().waitFor();
      expect(await seriousFindings(stranger.page)).toEqual([]);
      await stranger.close();
    });
  });

  it('the dialogs and the palette have nothing that axe calls serious', async () => {
    await page().goto(`${product.baseUrl}/keys`);
    await page().getByRole('button', { name: 'Create a key' }).click();
    await page().getByRole('dialog').getByLabel('Name').waitFor();
    expect(await seriousFindings(page())).toEqual([]);
    await page().keyboard.press('Escape');
    await page().getByRole('dialog').waitFor({ state: 'detached' });
    await page().keyboard.press('Control+k');
    await page().getByRole('combobox').waitFor();
    expect(await seriousFindings(page())).toEqual([]);
    await page().keyboard.press('Escape');
  });

  it.each([...pages, ...others])('$name fits a phone of 360 pixels', async ({ path }) => {
    await page().setViewportSize({ width: 360, height: 740 });
    await page().goto(product.baseUrl + path());
    await page().locator('main h1, main h2').first().waitFor();
    const overflow = await page().evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect(overflow).toBe(0);
  });

  it('a key is shown once, limited, used, and revoked', async () => {
    await page().setViewportSize({ width: 1280, height: 860 });
    await page().goto(`${product.baseUrl}/keys`);
    await page().getByRole('button', { name: 'Create a key' }).click();
    const dialog = page().getByRole('dialog');
    await dialog.getByLabel('Name').fill('from the browser');
    await dialog.getByRole('button', { name: 'Create', exact: true }).click();
    const key = (await dialog.getByLabel('the key', { exact: true }).textContent()) ?? '';
    expect(key).toMatch(/^hvz_[a-z0-9]{8}_[\w-]{43}$/);
    await dialog.getByRole('button', { name: 'I have copied it' }).click();
    const ask = () =>
      fetch(`${product.baseUrl}/api/d${endpointPath.replace('/endpoints', '')}/models`, {
        headers: { authorization: `Bearer ${key}` },
      });
    expect((await ask()).status).toBe(200);
    await page().getByRole('button', { name: 'Revoke from the browser' }).click();
    await page().getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page().getByText('No key yet.').waitFor();
    expect((await ask()).status).toBe(401);
  });

  it('nothing on any of them broke the content policy or threw', () => {
    expect(visitor.problems).toEqual([]);
  });
});
