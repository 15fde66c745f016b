/**
 * Keeps an in-memory copy of rows up to date: everything at first and on each `refresh`, single rows when
 * they are touched. One read runs at a time and what comes meanwhile is collected, so a storm of
 * notifications costs few queries, and an older read never overwrites a newer one.
 * When the database is away the copy stays as it is, and grows old (`ageMs`).
 */
export interface MirrorOptions<T> {
  /** Reads all rows, or those of `ids`. */
  read: (ids: readonly string[] | null) => Promise<T[]>;
  /** Takes what was read; ids that were asked for and are not there are gone. */
  apply: (rows: T[], ids: readonly string[] | null) => void;
  onError: (error: unknown) => void;
}

const RETRY_MS = 500;
/** Whoever sends made-up ids must not be able to keep the database busy. */
const LOOK_UPS_MAX = 100;

export class Mirror<T> {
  readonly #options: MirrorOptions<T>;
  #wantsAll = false;
  readonly #touched = new Set<string>();
  #lookUps = new Map<string, PromiseWithResolvers<void>>();
  #running = false;
  #closed = false;
  #retry: NodeJS.Timeout | undefined;
  #completeAtMs: number | null = null;
  readonly #loaded = Promise.withResolvers<void>();

  constructor(options: MirrorOptions<T>) {
    this.#options = options;
  }

  /** Resolves once everything has been read for the first time. */
  get loaded(): Promise<void> {
    return this.#loaded.promise;
  }

  /** Since when the copy may be out of date; null before the first read. */
  ageMs(): number | null {
    return this.#completeAtMs === null ? null : performance.now() - this.#completeAtMs;
  }

  touch(id: string): void {
    this.#touched.add(id);
    void this.#run();
  }

  /**
   * Reads one row now, for something so new that its notification may still be on the way. Resolves when
   * the row is as in the database, and, whatever happened, after `timeoutMs`.
   */
  async lookUp(id: string, timeoutMs: number): Promise<void> {
    if (!this.#lookUps.has(id) && this.#lookUps.size >= LOOK_UPS_MAX) return;
    const read = this.#lookUps.get(id) ?? Promise.withResolvers<void>();
    this.#lookUps.set(id, read);
    this.touch(id);
    const timer = setTimeout(read.resolve, timeoutMs);
    await read.promise;
    clearTimeout(timer);
  }

  refresh(): void {
    this.#wantsAll = true;
    void this.#run();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      while (!this.#closed && (this.#wantsAll || this.#touched.size > 0)) await this.#readOnce();
    } catch (error) {
      this.#options.onError(error);
      clearTimeout(this.#retry);
      if (!this.#closed) this.#retry = setTimeout(() => void this.#run(), RETRY_MS).unref();
    } finally {
      this.#running = false;
    }
  }

  async #readOnce(): Promise<void> {
    const all = this.#wantsAll;
    const ids = all ? null : [...this.#touched];
    const lookUps = this.#lookUps;
    const startedAtMs = performance.now();
    this.#wantsAll = false;
    this.#touched.clear();
    this.#lookUps = new Map();
    try {
      const rows = await this.#options.read(ids);
      if (this.#closed) return;
      this.#options.apply(rows, ids);
    } catch (error) {
      if (all) this.#wantsAll = true;
      for (const id of ids ?? []) this.#touched.add(id);
      throw error;
    } finally {
      for (const read of lookUps.values()) read.resolve();
    }
    if (!all) return;
    this.#completeAtMs = startedAtMs;
    this.#loaded.resolve();
  }
}
