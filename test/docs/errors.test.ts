/** docs/errors.md and the catalogue say the same: one entry per code, in the same order, with the same status. */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ERROR_CATALOG, type ErrorCode } from '../../domain/errors.ts';

const ENTRY = /^### (\w+)\n\n(\d{3}) · (.+)\n\n\*\*Meaning\.\*\* (.+)\n\n\*\*What to do\.\*\* (.+)$/gm;
const codes = Object.keys(ERROR_CATALOG) as ErrorCode[];
let text: string;

beforeAll(async () => {
  text = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8');
});

describe('docs/errors.md', () => {
  it('has one whole entry for every code, in the order of the catalogue, and none besides', () => {
    expect([...text.matchAll(ENTRY)].map(([, code]) => code)).toEqual(codes);
    expect(text.match(/^### /gm)).toHaveLength(codes.length);
  });

  it.each(codes)('tells the status of %s and whether to try again', (code) => {
    const entry = [...text.matchAll(ENTRY)].find((match) => match[1] === code);
    const { status, retryable } = ERROR_CATALOG[code];
    expect([Number(entry?.[2]), entry?.[3]]).toEqual([status, retryable ? 'try again' : 'do not try again as it is']);
  });
});
