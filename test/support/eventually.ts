export interface EventuallyOptions {
  timeoutMs?: number;
  intervalMs?: number;
  /** What was waited for, as in "the node is gone". */
  message?: string;
}

/**
 * Waits for a condition instead of sleeping: calls `fn` until it returns something truthy, and returns
 * that. A throw counts as "not yet". When time is up, the error tells what was seen last.
 */
export async function eventually<T>(
  fn: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<NonNullable<T>> {
  const { timeoutMs = 10_000, intervalMs = 50, message = 'the condition holds' } = options;
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    let last: unknown;
    try {
      const value = await fn();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadlineMs) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`waited ${timeoutMs} ms in vain until ${message}; last seen: ${seen}`, { cause: last });
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
