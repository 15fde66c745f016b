import { describe, expect, it } from '@jest/globals';
import { ERROR_CATALOG, type ErrorCode, UserError } from '../../domain/errors.ts';

describe.each(Object.entries(ERROR_CATALOG))('error code %s', (code, { status, retryable }) => {
  it('is snake_case with an HTTP error status', () => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
  });

  it('says that trying again can help only with a status that clients try again', () => {
    const retried = [409, 429, 500, 502, 503, 504];
    expect(!retryable || retried.includes(status)).toBe(true);
  });
});

describe('UserError', () => {
  it('carries what the user may see apart from its cause', () => {
    const cause = new Error('inner');
    const error = new UserError('endpoint_waking', 'It is waking.', { headers: { 'retry-after': '5' }, cause });
    expect(error).toMatchObject({ code: 'endpoint_waking', message: 'It is waking.', status: 503, cause });
    expect(error.headers).toEqual({ 'retry-after': '5' });
    expect(error.details).toBeUndefined();
  });

  it.each(Object.keys(ERROR_CATALOG) as ErrorCode[])('takes the status of %s from the catalogue', (code) => {
    expect(new UserError(code, 'x').status).toBe(ERROR_CATALOG[code].status);
  });
});
