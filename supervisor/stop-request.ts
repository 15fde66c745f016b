/**
 * Ctrl-C, SIGTERM, or the terminal being closed. The first asks for an orderly stop, a second one hurries.
 */

/** npm hands a Ctrl-C on to its child, which has had it from the terminal already: that is not a second one. */
const ECHO_MS = 1_000;

export interface StopRequest {
  /** Aborts at the first request. */
  readonly stop: AbortSignal;
  /** Aborts at the second. */
  readonly hurry: AbortSignal;
}

export function listenForStop(onFirst: (signal: string) => void, onSecond: () => void): StopRequest {
  const stop = new AbortController();
  const hurry = new AbortController();
  let firstAtMs = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!stop.signal.aborted) {
        firstAtMs = performance.now();
        onFirst(signal);
        stop.abort(new Error('stopped by a signal'));
      } else if (performance.now() - firstAtMs > ECHO_MS && !hurry.signal.aborted) {
        onSecond();
        hurry.abort();
      }
    });
  }
  // A terminal that was closed takes no more output; that must not end us before the parts are stopped.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return { stop: stop.signal, hurry: hurry.signal };
}
