/** What this machine offers a model: its memory, less what the rest of the system needs. */
import { totalmem } from 'node:os';
import { LOCAL_TIER_ID } from '../../domain/tiers.ts';
import type { MachineMemory } from '../../domain/sizing/plan.ts';

const RESERVE_BYTES_MIN = 2 ** 30;
const RESERVE_SHARE = 0.1;

export interface LocalMachineOptions {
  /** What the operator allows, null for all of it. */
  memoryBytesMax: number | null;
}

export function localMachine(options: LocalMachineOptions): MachineMemory {
  // Zero or absurdly large when no cgroup limits this process.
  const limitBytes = process.constrainedMemory();
  const totalBytes = limitBytes > 0 ? Math.min(totalmem(), limitBytes) : totalmem();
  const availableBytes = totalBytes - Math.max(RESERVE_BYTES_MIN, totalBytes * RESERVE_SHARE);
  return {
    tier: LOCAL_TIER_ID,
    usableMemoryBytes: Math.floor(
      Math.max(0, Math.min(availableBytes, options.memoryBytesMax ?? Number.POSITIVE_INFINITY)),
    ),
    candidates: [
      {
        provider: 'local',
        tier: LOCAL_TIER_ID,
        instanceType: 'this-machine',
        region: 'local',
        zone: null,
        purchaseOption: 'on_demand',
        usdMicrosPerHour: 0,
      },
    ],
  };
}
