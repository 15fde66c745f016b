import { describe, expect, it } from '@jest/globals';
import { badge } from '../../domain/badge.ts';
import { ENDPOINT_STATUSES } from '../../domain/endpoint.ts';

describe('badge', () => {
  it('has its own text for each status', () => {
    const texts = ENDPOINT_STATUSES.map((status) => badge(status, false));
    expect(new Set(texts).size).toBe(ENDPOINT_STATUSES.length);
  });

  it.each([
    { status: 'up', degraded: false, text: 'ONLINE' },
    { status: 'up', degraded: true, text: 'ONLINE · DEGRADED' },
    { status: 'hibernated', degraded: false, text: 'SLEEPING' },
    { status: 'waking', degraded: false, text: 'WAKING UP' },
  ] as const)('shows $text when $status (degraded: $degraded)', ({ status, degraded, text }) => {
    expect(badge(status, degraded)).toBe(text);
  });

  it('speaks of degraded only while up', () => {
    for (const status of ENDPOINT_STATUSES.filter((other) => other !== 'up')) {
      expect(badge(status, true)).toBe(badge(status, false));
    }
  });
});
