/** When an endpoint counts as idle. The clock never runs before the first `up` or while anything is in flight. */
export interface TrafficView {
  /** When the endpoint last became `up`, ms since epoch. */
  upSinceMs: number;
  /** When the last in-flight request ended, ms since epoch; null if none since it is up. */
  lastRequestEndedMs: number | null;
  inFlight: number;
  held: number;
}

/** Milliseconds until the endpoint may fall asleep: 0 or less means now, Infinity means something is in flight. */
export function idleRemainingMs(traffic: TrafficView, idleTimeoutSeconds: number, nowMs: number): number {
  if (traffic.inFlight > 0 || traffic.held > 0) return Number.POSITIVE_INFINITY;
  const idleSinceMs = Math.max(traffic.upSinceMs, traffic.lastRequestEndedMs ?? 0);
  return idleSinceMs + idleTimeoutSeconds * 1000 - nowMs;
}
