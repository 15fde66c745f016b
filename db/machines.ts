/** The providers that this installation has, and what a machine offers that no catalogue lists. Written at boot. */
import type { ProviderName } from '../domain/endpoint.ts';
import type { MachineMemory } from '../domain/sizing/plan.ts';
import type { Db } from './client.ts';

export interface InstalledProvider {
  provider: ProviderName;
  /** Null where the catalogue tells. */
  machine: MachineMemory | null;
}

/** Replaces the list: a provider that is no longer configured is no longer offered. */
export async function recordMachines(db: Db, installed: readonly InstalledProvider[]): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx.deleteFrom('machines').execute();
    for (const { provider, machine } of installed) {
      await tx
        .insertInto('machines')
        .values({
          provider,
          tier: machine?.tier ?? null,
          usable_memory_bytes: machine?.usableMemoryBytes ?? null,
          candidates: machine ? JSON.stringify(machine.candidates) : null,
        })
        // Two workers may boot at once.
        .onConflict((conflict) =>
          conflict.column('provider').doUpdateSet((eb) => ({
            tier: eb.ref('excluded.tier'),
            usable_memory_bytes: eb.ref('excluded.usable_memory_bytes'),
            candidates: eb.ref('excluded.candidates'),
          })),
        )
        .execute();
    }
  });
}

/** Empty until a worker has run. */
export async function readMachines(db: Db): Promise<InstalledProvider[]> {
  const rows = await db.selectFrom('machines').selectAll().orderBy('provider').execute();
  return rows.map(({ provider, tier, usable_memory_bytes, candidates }) => ({
    provider,
    machine:
      tier !== null && usable_memory_bytes !== null && candidates !== null
        ? { tier, usableMemoryBytes: usable_memory_bytes, candidates }
        : null,
  }));
}
