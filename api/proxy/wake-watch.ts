/**
 * Whether the wake that a held request waits for has failed. A failed wake shows as `hibernated` after
 * `waking`, or, when the `waking` in between was not seen, as a sleep later than the one that the request
 * found. A sleep that only begins now (nodes draining when the request came) is no failure.
 */
import type { Route } from './route-table.ts';

export class WakeWatch {
  #sawWaking = false;
  #sleepFound: number | null = null;

  /** True when a wake has failed since the first call. */
  failedBy(route: Route): boolean {
    if (route.status === 'waking') this.#sawWaking = true;
    if (route.status !== 'hibernated') return false;
    this.#sleepFound ??= route.sleepGeneration;
    return this.#sawWaking || route.sleepGeneration > this.#sleepFound;
  }
}
