/** Time as a load has it: pauses between requests, random moments, how many rounds a case runs. */

/** Not for waiting until something has happened; that is `eventually`. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function randomBetween(fromMs: number, toMs: number): number {
  return fromMs + Math.random() * (toMs - fromMs);
}

/** How often a case repeats itself: few times by default, ACCEPTANCE_ROUNDS times in long runs. */
export function rounds(usual: number): number {
  return Math.max(usual, Number(process.env['ACCEPTANCE_ROUNDS'] ?? 0));
}

/** Calls at a steady pace until told to stop; a call that takes long does not hold up the next. */
export async function everyMs<T>(
  intervalMs: number,
  isOver: () => boolean,
  call: (index: number) => Promise<T>,
): Promise<T[]> {
  const calls: Promise<T>[] = [];
  while (!isOver()) {
    calls.push(call(calls.length));
    await pause(intervalMs);
  }
  return Promise.all(calls);
}

/** Calls at a steady pace until the result is called; whether the calls succeed does not matter. */
export function keepCalling(intervalMs: number, call: () => Promise<unknown>): () => void {
  const timer = setInterval(() => void call().catch(() => {}), intervalMs);
  return () => clearInterval(timer);
}
