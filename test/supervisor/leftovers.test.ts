import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { identityOf, isAlive, type ProcessRecord } from '../../providers/local/process-identity.ts';
import { lockHome } from '../../supervisor/home-lock.ts';
import { ProcessFiles } from '../../supervisor/process-files.ts';
import { keepSecrets } from '../../supervisor/secrets.ts';
import { StartError } from '../../supervisor/start-error.ts';
import { eventually } from '../support/eventually.ts';

describe('a start on a home where another one was', () => {
  let home: string;
  const spawned: ProcessRecord[] = [];

  beforeEach(async () => {
    home = await mkdtemp(path.join(os.tmpdir(), 'hypervize-home-'));
  });
  afterEach(async () => {
    for (const record of spawned.splice(0)) if (await isAlive(record)) process.kill(record.pid, 'SIGKILL');
    await rm(home, { recursive: true, force: true });
  });

  async function sleeper(): Promise<ProcessRecord> {
    const child = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    const pid = child.pid ?? 0;
    const record = { pid, identity: (await identityOf(pid)) ?? '' };
    spawned.push(record);
    return record;
  }

  it('is refused while that one runs, naming its process', () => {
    const unlock = lockHome(home);
    expect(() => lockHome(home)).toThrow(StartError);
    expect(() => lockHome(home)).toThrow(`process ${process.pid}`);
    unlock();
    lockHome(home)();
  });

  it('is allowed when that one was killed, without anything to clean up', async () => {
    const script = `import { lockHome } from ${JSON.stringify(new URL('../../supervisor/home-lock.ts', import.meta.url).href)};
      lockHome(${JSON.stringify(home)}); setInterval(() => {}, 60_000); console.log('locked');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(() => lockHome(home)).toThrow(`process ${child.pid}`);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    lockHome(home)();
  });

  it('ends the parts that a killed supervisor left running', async () => {
    const files = new ProcessFiles(home);
    const [postgres, api] = [await sleeper(), await sleeper()];
    files.write('postgres', postgres);
    files.write('api', api);
    expect(await files.stopLeftovers(['api', 'worker', 'temporal', 'postgres'])).toEqual(['api', 'postgres']);
    expect(await Promise.all([postgres, api].map(isAlive))).toEqual([false, false]);
    expect(await files.stopLeftovers([])).toEqual([]);
  });

  it('leaves a stranger alone who has got the pid of a part meanwhile', async () => {
    const files = new ProcessFiles(home);
    const stranger = await sleeper();
    files.write('worker', { pid: stranger.pid, identity: `${stranger.identity}0` });
    expect(await files.stopLeftovers([])).toEqual([]);
    expect(await isAlive(stranger)).toBe(true);
    expect(await files.read('worker')).toBe(null);
  });

  it('continues with the same secrets, which only the owner can read', async () => {
    const first = await keepSecrets(home);
    expect(await keepSecrets(home)).toEqual(first);
    expect(
      await eventually(async () => (await readFile(path.join(home, 'secrets.json'), 'utf8')).length),
    ).toBeGreaterThan(100);
  });

  it('refuses damaged secrets instead of making up new ones', async () => {
    await writeFile(path.join(home, 'secrets.json'), '{}');
    await expect(keepSecrets(home)).rejects.toThrow('is damaged');
  });
});
