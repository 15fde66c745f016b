/** What a browser has to load before it shows anything, and where that comes from. */
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, it } from '@jest/globals';
import { buildDashboard } from '../../supervisor/parts/dashboard.ts';

const DIST = fileURLToPath(new URL('../../web/dist/', import.meta.url));
const FIRST_LOAD_BYTES_MAX = 250_000;

let html: string;
beforeAll(async () => {
  await buildDashboard();
  html = await readFile(path.join(DIST, 'index.html'), 'utf8');
}, 120_000);

it('the first load is less than 250 kB of gzipped JavaScript', async () => {
  const scripts = [...html.matchAll(/(?:src|href)="(\/[^"]+\.js)"/g)].map(([, file]) => file ?? '');
  expect(scripts.length).toBeGreaterThan(1);
  const sizes = await Promise.all(scripts.map(async (file) => gzipSync(await readFile(path.join(DIST, file))).length));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(FIRST_LOAD_BYTES_MAX);
});

it('charts and markdown are not part of the first load', () => {
  expect(html).not.toMatch(/usage-chart|playground/);
});

it('the page has no inline script or style, and loads nothing from elsewhere', async () => {
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|style="|\son\w+=/);
  expect(html).not.toMatch(/(src|href)="(?!\/)/);
  const assets = await readdir(path.join(DIST, 'assets'));
  const styles = await Promise.all(
    assets.filter((name) => name.endsWith('.css')).map((name) => readFile(path.join(DIST, 'assets', name), 'utf8')),
  );
  for (const [, url] of styles.join('\n').matchAll(/url\(([^)]+)\)/g)) expect(url).toMatch(/^["']?(\/assets\/|data:)/);
  expect(assets.some((name) => name.endsWith('.woff2'))).toBe(true);
});

it('a second build with the same sources builds nothing', async () => {
  const before = (await stat(path.join(DIST, 'index.html'))).mtimeMs;
  expect(await buildDashboard()).toBe('nothing new');
  expect((await stat(path.join(DIST, 'index.html'))).mtimeMs).toBe(before);
});
