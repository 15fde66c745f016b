/**
 * Fault points: named places where a test makes this process die, throw or hang, to prove that nothing
 * is lost or doubled there. `FAULT=point:kill|throw|hang:once`; config.ts refuses it outside NODE_ENV=test.
 *
 * Every activity has `<activity>.before` and `<activity>.after` (see the interceptor); places between an
 * effect and its record are named here.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const INNER_FAULT_POINTS = [
  'provisionNode.after-effect',
  'stopNode.after-effect',
  'releaseNode.after-effect',
] as const;

export type FaultPoint = (name: string) => Promise<void>;

export const noFaults: FaultPoint = async () => {};

/**
 * @param fault the FAULT variable, or null
 * @param folder where `once` is remembered across the process's own death
 */
export function createFaultPoint(fault: string | null, folder: string): FaultPoint {
  if (!fault) return noFaults;
  const plans = fault.split(',').map((part) => {
    const [point = '', action = '', times = ''] = part.split(':');
    return { point, action, once: times === 'once' };
  });
  return async (name) => {
    for (const plan of plans) {
      if (plan.point !== name) continue;
      const mark = path.join(folder, encodeURIComponent(`${plan.point}.${plan.action}`));
      if (plan.once && existsSync(mark)) continue;
      mkdirSync(folder, { recursive: true });
      writeFileSync(mark, '');
      if (plan.action === 'kill') process.kill(process.pid, 'SIGKILL');
      if (plan.action === 'throw') throw new Error(`fault injected at ${name}`);
      await new Promise(() => {});
    }
  };
}
