import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { idleRemainingMs } from '../../domain/idle.ts';

const quiet = { upSinceMs: 1_000_000, lastRequestEndedMs: null, inFlight: 0, held: 0 };
const instant = fc.integer({ min: 0, max: 2 ** 42 });
const timeout = fc.integer({ min: 1, max: 30 * 86_400 });

describe('idleRemainingMs', () => {
  it.each([
    { name: 'counts from up when no request came', traffic: quiet, nowMs: 1_002_000, remainingMs: 3_000 },
    { name: 'is 0 at the very end', traffic: quiet, nowMs: 1_005_000, remainingMs: 0 },
    { name: 'is negative afterwards', traffic: quiet, nowMs: 1_006_000, remainingMs: -1_000 },
    {
      name: 'counts from the end of the last request',
      traffic: { ...quiet, lastRequestEndedMs: 1_004_000 },
      nowMs: 1_006_000,
      remainingMs: 3_000,
    },
    {
      name: 'ignores a request of before the endpoint came up',
      traffic: { ...quiet, lastRequestEndedMs: 500_000 },
      nowMs: 1_001_000,
      remainingMs: 4_000,
    },
  ])('$name', ({ traffic, nowMs, remainingMs }) => {
    expect(idleRemainingMs(traffic, 5, nowMs)).toBe(remainingMs);
  });

  it('never lets an endpoint sleep while anything is in flight or held', () => {
    fc.assert(
      fc.property(instant, instant, timeout, fc.nat(100), fc.nat(100), (upSinceMs, nowMs, seconds, inFlight, held) => {
        fc.pre(inFlight + held > 0);
        const traffic = { upSinceMs, lastRequestEndedMs: null, inFlight, held };
        expect(idleRemainingMs(traffic, seconds, nowMs)).toBe(Number.POSITIVE_INFINITY);
      }),
    );
  });

  it('never gives less time for a later request', () => {
    fc.assert(
      fc.property(instant, instant, instant, timeout, instant, (upSinceMs, a, b, seconds, nowMs) => {
        const remaining = (lastRequestEndedMs: number) =>
          idleRemainingMs({ ...quiet, upSinceMs, lastRequestEndedMs }, seconds, nowMs);
        expect(remaining(Math.max(a, b))).toBeGreaterThanOrEqual(remaining(Math.min(a, b)));
      }),
    );
  });
});
