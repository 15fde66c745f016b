/**
 * How often one owner can have the Hub asked. All of an installation share the Hub's patience (429 is by address and by
 * token), and a model that does not exist, or may not be read, is asked for anew each time; so without this one owner
 * could use it up for everybody. Keyed by owner, kept by each process for itself, and forgotten within two minutes.
 */
import { UserError } from '../domain/errors.ts';

export const ASKS_PER_MINUTE_MAX = 60;
const WINDOW_MS = 60_000;

export class AskLimit {
  readonly #now: () => number;
  #windowStartMs = 0;
  #asks = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws UserError `rate_limit_exceeded` with a Retry-After */
  take(ownerId: string): void {
    const nowMs = this.#now();
    if (nowMs - this.#windowStartMs >= WINDOW_MS) {
      this.#windowStartMs = nowMs;
      this.#asks = new Map();
    }
    const asked = this.#asks.get(ownerId) ?? 0;
    if (asked >= ASKS_PER_MINUTE_MAX) {
      const waitSeconds = Math.max(1, Math.ceil((this.#windowStartMs + WINDOW_MS - nowMs) / 1000));
      throw new UserError(
        'rate_limit_exceeded',
        `The Hugging Face Hub was asked ${ASKS_PER_MINUTE_MAX} times for you within a minute. Wait ${waitSeconds} s and try again; models that were just read are not asked for again.`,
        { headers: { 'retry-after': String(waitSeconds) } },
      );
    }
    this.#asks.set(ownerId, asked + 1);
  }
}
