/**
 * What this process has in flight and held, per endpoint. Counting is synchronous with the deed: between
 * the choice of a node and the count there is no gap in which a drain could look finished.
 */
export interface Load {
  inFlight: number;
  held: number;
  /** `performance.now()` when the last counted request ended; null when told already, or none. */
  endedAtMs: number | null;
}

/** `edge`: the endpoint became busy or idle, which others should hear soon. */
export type LoadListener = (endpointId: string, edge: boolean) => void;

const NOTHING: Load = { inFlight: 0, held: 0, endedAtMs: null };

export class LoadTracker {
  readonly #loads = new Map<string, Load>();
  #listener: LoadListener = () => {};
  inFlightTotal = 0;
  heldTotal = 0;

  onChange(listener: LoadListener): void {
    this.#listener = listener;
  }

  of(endpointId: string): Readonly<Load> {
    return this.#loads.get(endpointId) ?? NOTHING;
  }

  begin(endpointId: string): void {
    const load = this.#load(endpointId);
    load.inFlight += 1;
    this.inFlightTotal += 1;
    this.#listener(endpointId, load.inFlight === 1);
  }

  /** @param counts whether the idle clock starts anew (not for what the node refused as wrong) */
  end(endpointId: string, counts: boolean): void {
    const load = this.#load(endpointId);
    load.inFlight -= 1;
    this.inFlightTotal -= 1;
    if (counts) load.endedAtMs = performance.now();
    this.#listener(endpointId, load.inFlight === 0);
  }

  hold(endpointId: string): void {
    const load = this.#load(endpointId);
    load.held += 1;
    this.heldTotal += 1;
    this.#listener(endpointId, load.held === 1);
  }

  unhold(endpointId: string): void {
    const load = this.#load(endpointId);
    load.held -= 1;
    this.heldTotal -= 1;
    this.#listener(endpointId, load.held === 0);
  }

  /** The end of the last request, for telling it; `restoreEnd` when telling failed. */
  takeEnd(endpointId: string): number | null {
    const load = this.#loads.get(endpointId);
    if (!load) return null;
    const endedAtMs = load.endedAtMs;
    load.endedAtMs = null;
    return endedAtMs;
  }

  restoreEnd(endpointId: string, endedAtMs: number): void {
    const load = this.#load(endpointId);
    load.endedAtMs = Math.max(load.endedAtMs ?? 0, endedAtMs);
  }

  /** An endpoint that is gone and has nothing going on. */
  forget(endpointId: string): void {
    const load = this.#loads.get(endpointId);
    if (load && load.inFlight === 0 && load.held === 0) this.#loads.delete(endpointId);
  }

  #load(endpointId: string): Load {
    let load = this.#loads.get(endpointId);
    if (!load) this.#loads.set(endpointId, (load = { inFlight: 0, held: 0, endedAtMs: null }));
    return load;
  }
}
