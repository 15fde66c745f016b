import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isAlive, type ProcessRecord } from '../../providers/local/process-identity.ts';
import { shutDown } from '../../supervisor/shutdown.ts';
import { StartError } from '../../supervisor/start-error.ts';
import { Supervisor } from '../../supervisor/supervisor.ts';
import { eventually } from '../support/eventually.ts';
import { standIn } from './support/stand-in.ts';

describe('the supervisor', () => {
  let home: string;
  let told: string[];
  let supervisor: Supervisor;

  beforeEach(async () => {
    home = await mkdtemp(path.join(os.tmpdir(), 'hypervize-supervisor-'));
    told = [];
    supervisor = new Supervisor({ home, tell: (text) => told.push(text) });
  });
  afterEach(async () => {
    await shutDown(supervisor, home, AbortSignal.abort());
    await rm(home, { recursive: true, force: true });
  });

  const recordOf = async (name: string): Promise<ProcessRecord> => {
    const record = await supervisor.files.read(name);
    if (!record) throw new Error(`${name} has no pid file`);
    return record;
  };

  it('returns from a start when the part is ready, and has its pid on record', async () => {
    await supervisor.start(standIn('worker'));
    expect(await isAlive(await recordOf('worker'))).toBe(true);
    expect(await readFile(path.join(home, 'logs/worker.log'), 'utf8')).toContain('stand-in ready');
  });

  it('starts a part again that was killed, as often as it takes', async () => {
    await supervisor.start(standIn('worker'));
    for (let times = 0; times < 2; times += 1) {
      const before = await recordOf('worker');
      process.kill(before.pid, 'SIGKILL');
      await eventually(async () => {
        const now = await recordOf('worker');
        return now.pid !== before.pid && (await isAlive(now)) && told.at(-1)?.includes('worker is back');
      });
    }
  });

  it('runs each part in a process group of its own, so that a Ctrl-C in the terminal reaches none of them', async () => {
    await supervisor.start(standIn('worker'));
    const { pid } = await recordOf('worker');
    expect(Number(execFileSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' }))).toBe(pid);
  });

  it('stops api, worker, Temporal and Postgres in that order and leaves nothing', async () => {
    const endedFile = path.join(home, 'ended');
    const names = ['postgres', 'temporal', 'worker', 'api'];
    await Promise.all(names.map((name) => supervisor.start(standIn(name, { ENDED_FILE: endedFile }))));
    const records = await Promise.all(names.map(recordOf));
    expect(await shutDown(supervisor, home)).toEqual([]);
    expect((await readFile(endedFile, 'utf8')).trim().split('\n')).toEqual(['api', 'worker', 'temporal', 'postgres']);
    expect(await Promise.all(records.map(isAlive))).toEqual([false, false, false, false]);
    expect(await Promise.all(names.map((name) => supervisor.files.read(name)))).toEqual([null, null, null, null]);
  });

  it('kills a part that does not end in its grace', async () => {
    await supervisor.start(standIn('worker', { IGNORE_SIGTERM: '1' }, { stopGraceMs: 200 }));
    const record = await recordOf('worker');
    await supervisor.stop('worker');
    expect(await isAlive(record)).toBe(false);
  });

  it('does not wait for a grace when it is told to hurry', async () => {
    await supervisor.start(standIn('worker', { IGNORE_SIGTERM: '1' }, { stopGraceMs: 60_000 }));
    const hurry = new AbortController();
    const stopping = supervisor.stop('worker', hurry.signal);
    hurry.abort();
    await stopping;
    expect(await supervisor.files.read('worker')).toBe(null);
  });

  it('does not start again what it is stopping, also in the middle of a restart', async () => {
    await supervisor.start(standIn('worker'));
    process.kill((await recordOf('worker')).pid, 'SIGKILL');
    await eventually(() => told.some((text) => text.includes('starting it again')));
    await supervisor.stop('worker');
    expect(await supervisor.files.read('worker')).toBe(null);
  });

  it('ends a part that is stopped before it was ready', async () => {
    const starting = supervisor.start(standIn('worker', { NEVER_READY: '1' }));
    const outcome = starting.catch((error: unknown) => String(error));
    const record = await eventually(() => supervisor.files.read('worker'));
    await supervisor.stop('worker');
    expect(await outcome).toContain('being stopped');
    expect(await isAlive(record)).toBe(false);
  });

  it('says why a part does not start, with the part’s last lines', async () => {
    const starting = supervisor.start(standIn('worker', { EXIT_AT_ONCE: '1' }));
    await expect(starting).rejects.toThrow(StartError);
    await expect(starting).rejects.toThrow(
      /worker does not start: it ended \(exit code 3\)[\s\S]*the stand-in has a reason to end/,
    );
  });
});
