/**
 * An owner's wishes about an endpoint that is there: the wish columns of `endpoints`, written under the
 * row's lock together with the event that tells of them and the signal to look again.
 */
import type { EndpointStatus, Power } from '../domain/endpoint.ts';
import type { CommandEffect, EndpointCommand } from '../domain/lifecycle.ts';
import type { OwnerTx } from './client.ts';
import { appendEvent } from './events.ts';
import { enqueueSignal } from './outbox.ts';
import { OWNER } from './owned.ts';

/** What a command is judged by. */
export interface CommandTarget {
  id: string;
  ownerId: string;
  name: string;
  status: EndpointStatus;
  power: Power;
  minNodes: number;
  generation: number;
  sleepGeneration: number;
  failureGeneration: number;
}

/** Locks an endpoint that is not deleted until the transaction ends; null when the owner has none by that id. */
export async function lockEndpoint(tx: OwnerTx, id: string): Promise<CommandTarget | null> {
  const row = await tx
    .selectFrom('endpoints')
    .innerJoin('autoscaling', 'autoscaling.endpoint_id', 'endpoints.id')
    .select([
      'endpoints.id',
      'endpoints.owner_id as ownerId',
      'endpoints.name',
      'endpoints.status',
      'endpoints.power',
      'autoscaling.min_nodes as minNodes',
      'endpoints.generation',
      'endpoints.sleep_generation as sleepGeneration',
      'endpoints.failure_generation as failureGeneration',
    ])
    .where('endpoints.id', '=', id)
    .where('endpoints.owner_id', '=', OWNER)
    .where('endpoints.status', '!=', 'deleted')
    .forUpdate('endpoints')
    .executeTakeFirst();
  return row ?? null;
}

/** One wake per sleep, whoever asks: the proxy uses the same key. */
export function wakeDedupeKey(endpointId: string, sleepGeneration: number): string {
  return `wake:${endpointId}:${sleepGeneration}`;
}

/** Carries a command's effect out: the wish, the event that tells of it, the signal to look again. */
export async function applyCommand(
  tx: OwnerTx,
  target: CommandTarget,
  command: EndpointCommand,
  effect: CommandEffect,
  actor: string,
): Promise<void> {
  const { id, generation } = target;
  const look = { endpointId: id, signal: 'specChanged', payload: { generation } };
  const update = tx.updateTable('endpoints').where('id', '=', id).where('owner_id', '=', OWNER);
  switch (effect.kind) {
    case 'noop':
    case 'refused':
      return;
    case 'power':
      await update.set({ power: effect.power }).execute();
      await enqueueSignal(tx, look);
      break;
    case 'hibernate':
      await update
        .set((eb) => ({
          hibernate_requested: eb.fn<number>('greatest', ['hibernate_requested', eb.val(effect.sleepGeneration)]),
        }))
        .execute();
      await enqueueSignal(tx, look);
      break;
    case 'wake':
      await update
        .set((eb) => ({
          wake_requested: eb.fn<number>('greatest', ['wake_requested', eb.val(effect.sleepGeneration)]),
        }))
        .execute();
      await enqueueSignal(tx, {
        endpointId: id,
        signal: 'wake',
        payload: { sleepGeneration: effect.sleepGeneration },
        dedupeKey: wakeDedupeKey(id, effect.sleepGeneration),
      });
      break;
    case 'retry':
      await update
        .set((eb) => ({
          retry_requested: eb.fn<number>('greatest', ['retry_requested', eb.val(effect.failureGeneration)]),
        }))
        .execute();
      // The failure may have been that the lifecycle itself was ended: make sure that it runs.
      await enqueueSignal(tx, { endpointId: id, signal: 'start' });
      await enqueueSignal(tx, look);
      break;
  }
  await appendEvent(tx, {
    endpointId: id,
    ownerId: target.ownerId,
    type: 'command',
    actor,
    message: COMMAND_MESSAGES[command],
    details: { command },
  });
}

const COMMAND_MESSAGES: Record<EndpointCommand, string> = {
  hibernate: 'Hibernation was asked for.',
  wake: 'A wake was asked for.',
  pause: 'A pause was asked for.',
  resume: 'Resuming was asked for.',
  retry: 'Another try was asked for.',
  delete: 'Deletion was asked for.',
};

/** Marks a deletion as one that cuts streams; true when that is news. */
export async function forceDelete(tx: OwnerTx, id: string): Promise<boolean> {
  const result = await tx
    .updateTable('endpoints')
    .set({ force_delete: true })
    .where('id', '=', id)
    .where('owner_id', '=', OWNER)
    .where('force_delete', '=', false)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
