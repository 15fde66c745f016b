/**
 * A real Chromium on the dashboard, and a record of everything that a page must never do: break its content
 * policy, throw, or log an error that it did not expect.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, type Page, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where the machine's Chromium is; null where there is none, and these tests are left out. */
export const CHROMIUM: string | null =
  process.env['CHROMIUM'] ??
  (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .flatMap((folder) => NAMES.map((name) => path.join(folder, name)))
    .find((file) => existsSync(file)) ??
  null;

// A person may do without; CI that silently left these tests out would say nothing of the dashboard.
if (process.env['CI'] && !CHROMIUM)
  throw new Error('there is no Chromium on the PATH: install it, or name one in CHROMIUM');

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM ?? '', headless: true, args: ARGS });
}

export interface Visit {
  page: Page;
  /** What the page should not have done. */
  problems: string[];
  close(): Promise<void>;
}

export interface VisitOptions {
  width?: number;
  height?: number;
  colorScheme?: 'light' | 'dark';
}

/** A visitor of their own: no cookie, nothing stored. */
export async function visit(browser: Browser, options: VisitOptions = {}): Promise<Visit> {
  const { width = 1280, height = 860, colorScheme = 'light' } = options;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`thrown: ${error.message}`));
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (/content security policy|refused to/i.test(message.text())) problems.push(message.text());
  });
  return { page, problems, close: () => context.close() };
}

/** Signs up through the page, as a newcomer does. */
export async function signUpInBrowser(page: Page, baseUrl: string, name: string): Promise<void> {
  await page.goto(`${baseUrl}/sign-up`);
  await page.getByLabel('E-mail').fill(`${name}-${Date.now()}@example.test`);
  await page.getByLabel('Password').first().fill('correct horse battery');
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('heading', { name: 'Deploy your first model' }).waitFor();
}
