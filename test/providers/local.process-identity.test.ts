import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { identityAtBirth, identityOf, isAlive } from '../../providers/local/process-identity.ts';
import { eventually } from '../support/eventually.ts';

describe('a process is known by pid and start', () => {
  const children: ReturnType<typeof spawn>[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  it('lives until it ends, and the same pid with another start is another process', async () => {
    const child = spawn('sleep', ['60']);
    children.push(child);
    const pid = child.pid ?? 0;
    const identity = identityAtBirth(pid);
    expect(identity).toBe(await identityOf(pid));
    expect(await isAlive({ pid, identity: identity ?? '' })).toBe(true);
    expect(await isAlive({ pid, identity: `${identity}1` })).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await isAlive({ pid, identity: identity ?? '' })).toBe(false);
  });

  it('is dead as a zombie', async () => {
    if (process.platform !== 'linux') return;
    // The child ends while its parent, which would have to take note of it, sleeps on.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(parent);
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    await eventually(async () => (await identityOf(pid)) === null);
    expect(() => process.kill(pid, 0)).not.toThrow();
  });
});
