/**
 * When each key was last used, written at most once a minute per key and many at a time. Losing a write
 * costs nothing, so nobody waits for one.
 */
export interface KeyUsageOptions {
  write: (keyIds: readonly string[]) => Promise<void>;
  flushMs: number;
  eachMs: number;
}

export class KeyUsage {
  readonly #options: KeyUsageOptions;
  readonly #notedAtMs = new Map<string, number>();
  readonly #pending = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: KeyUsageOptions) {
    this.#options = options;
  }

  note(keyId: string): void {
    const nowMs = performance.now();
    const notedAtMs = this.#notedAtMs.get(keyId);
    if (notedAtMs !== undefined && nowMs - notedAtMs < this.#options.eachMs) return;
    this.#notedAtMs.set(keyId, nowMs);
    this.#pending.add(keyId);
    this.#timer ??= setTimeout(() => this.#flush(), this.#options.flushMs).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #flush(): void {
    this.#timer = undefined;
    const keyIds = [...this.#pending];
    this.#pending.clear();
    // Tried again with the key's next use.
    this.#options.write(keyIds).catch(() => keyIds.forEach((keyId) => this.#notedAtMs.delete(keyId)));
  }
}
