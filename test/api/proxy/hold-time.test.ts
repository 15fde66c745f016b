import { describe, expect, it } from '@jest/globals';
import { holdTime } from '../../../api/proxy/hold-time.ts';
import { PROXY_TIMINGS } from '../../../api/proxy/options.ts';

type Case = {
  name: string;
  headers?: Record<string, string>;
  stream?: boolean;
  edge?: number;
  seconds: number;
  applied?: string;
};

describe('the time that a request is held', () => {
  const cases: Case[] = [
    { name: 'is 240 s by default', seconds: 240 },
    { name: 'is 600 s by default for a stream', stream: true, seconds: 600 },
    { name: 'ends 5 s before a load balancer gives up', edge: 60, seconds: 55 },
    {
      name: 'of a stream does not end before a load balancer, for it is not silent',
      edge: 60,
      stream: true,
      seconds: 600,
    },
    {
      name: 'is what X-Scale-Up-Timeout says',
      headers: { 'x-scale-up-timeout': '30' },
      seconds: 30,
      applied: 'wait=30',
    },
    {
      name: 'is what Prefer says',
      headers: { prefer: 'respond-async; foo, wait=12' },
      seconds: 12,
      applied: 'wait=12',
    },
    { name: 'may be zero', headers: { 'x-scale-up-timeout': '0' }, seconds: 0, applied: 'wait=0' },
    { name: 'is never over 290 s', headers: { prefer: 'wait=5000' }, seconds: 290, applied: 'wait=290' },
    {
      name: 'of a stream is never over 900 s',
      headers: { prefer: 'wait=5000' },
      stream: true,
      seconds: 900,
      applied: 'wait=900',
    },
    {
      name: 'is the default when the header is nonsense',
      headers: { 'x-scale-up-timeout': '-1', prefer: 'wait=soon' },
      seconds: 240,
    },
  ];
  it.each(cases)('$name', ({ headers = {}, stream = false, edge = 0, seconds, applied = null }) => {
    expect(holdTime(headers, stream, edge, PROXY_TIMINGS)).toEqual({ holdMs: seconds * 1000, applied });
  });
});
