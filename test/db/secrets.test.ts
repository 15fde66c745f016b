import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SecretBox, secretPlace } from '../../db/secrets.ts';

const key = () => randomBytes(32);

describe('SecretBox', () => {
  it('opens what it sealed, whatever the text', () => {
    const box = new SecretBox([key()]);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, where) => {
        expect(box.open(box.seal(text, where), where)).toBe(text);
      }),
    );
  });

  it('seals the same text differently each time', () => {
    const box = new SecretBox([key()]);
    expect(box.seal('hf_x', 'a').equals(box.seal('hf_x', 'a'))).toBe(false);
  });

  it('does not open a value that was moved to another row or column', () => {
    const box = new SecretBox([key()]);
    const sealed = box.seal('hf_x', secretPlace.endpoint('endpt-0123456789ab', 'env'));
    expect(() => box.open(sealed, secretPlace.endpoint('endpt-0123456789ab', 'hugging_face_token'))).toThrow();
    expect(() => box.open(sealed, secretPlace.endpoint('endpt-ba9876543210', 'env'))).toThrow();
  });

  it('does not open a value of which any one bit was changed', () => {
    const box = new SecretBox([key()]);
    const sealed = box.seal('hf_secret', 'nodes/n/secret');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const altered = Buffer.from(sealed);
      const byte = Math.floor(bit / 8);
      altered[byte] = (altered[byte] ?? 0) ^ (1 << (bit % 8));
      expect(() => box.open(altered, 'nodes/n/secret')).toThrow();
    }
  });

  it('does not open a value that was cut short', () => {
    const box = new SecretBox([key()]);
    const sealed = box.seal('hf_secret', 'w');
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => box.open(sealed.subarray(0, length), 'w')).toThrow();
    }
  });

  it('opens old values during a key rotation and seals new ones with the newest key', () => {
    const [oldKey, newKey] = [key(), key()];
    const before = new SecretBox([oldKey]);
    const during = new SecretBox([newKey, oldKey]);
    const after = new SecretBox([newKey]);
    expect(during.open(before.seal('x', 'w'), 'w')).toBe('x');
    expect(after.open(during.seal('x', 'w'), 'w')).toBe('x');
    expect(() => before.open(during.seal('x', 'w'), 'w')).toThrow(/not configured/);
  });

  it.each([[[]], [[Buffer.alloc(31)]], [[Buffer.alloc(32), Buffer.alloc(16)]]])(
    'refuses keys that are not 32 bytes',
    (keys) => {
      expect(() => new SecretBox(keys)).toThrow(RangeError);
    },
  );
});
