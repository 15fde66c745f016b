/** Forgets, once an hour, what nobody asks for any more: old idempotency keys and signals delivered long ago. */
import type { Db } from '../db/client.ts';
import { purgeIdempotencyKeys } from '../db/idempotency.ts';
import { purgeDelivered } from '../db/outbox.ts';
import type { Logger } from '../log.ts';

const INTERVAL_MS = 3_600_000;

export function startHousekeeping(db: Db, logger: Logger): { close(): void } {
  const clean = () => {
    Promise.all([purgeIdempotencyKeys(db), purgeDelivered(db)]).catch((err: unknown) => {
      logger.debug({ err }, 'housekeeping is left for the next hour');
    });
  };
  const timer = setInterval(clean, INTERVAL_MS).unref();
  return { close: () => clearInterval(timer) };
}
