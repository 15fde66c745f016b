import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { endpointIdFrom, isEndpointId } from '../../domain/endpoint-id.ts';

const sixBytes = fc.uint8Array({ minLength: 6, maxLength: 6 });

describe('endpoint ids', () => {
  it('are accepted as they are made, from any six bytes', () => {
    fc.assert(fc.property(sixBytes, (bytes) => isEndpointId(endpointIdFrom(bytes))));
  });

  it('differ when the bytes differ', () => {
    fc.assert(
      fc.property(sixBytes, sixBytes, (a, b) => {
        fc.pre(Buffer.compare(a, b) !== 0);
        expect(endpointIdFrom(a)).not.toBe(endpointIdFrom(b));
      }),
    );
  });

  it.each([0, 5, 7])('are not made from %d bytes', (length) => {
    expect(() => endpointIdFrom(new Uint8Array(length))).toThrow(RangeError);
  });

  it.each([
    '',
    'endpt-',
    'endpt-0123456789a',
    'endpt-0123456789abc',
    'endpt-0123456789aB',
    'endpt-0123456789ag',
    'ENDPT-0123456789ab',
    ' endpt-0123456789ab',
    'endpt-0123456789ab\n',
    'endpt-0123456789ab/..',
    "endpt-' OR 1=1 --",
  ])('are never %j', (value) => {
    expect(isEndpointId(value)).toBe(false);
  });
});
