import { describe, expect, it } from '@jest/globals';
import { redactor } from '../../providers/local/redact.ts';

describe('lines for a user', () => {
  it('lose every secret, also one that contains another', () => {
    expect(redactor(['secret-1', 'secret-1-longer', null, 'ab'])('x secret-1-longer y secret-1 ab')).toBe(
      'x [redacted] y [redacted] ab',
    );
  });
});
