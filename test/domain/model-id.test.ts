import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isModelId } from '../../domain/model-id.ts';

describe('isModelId', () => {
  it.each([
    'gpt2',
    'HuggingFaceTB/SmolLM2-135M-Instruct',
    'Qwen/Qwen2.5-7B-Instruct-GGUF',
    'meta-llama/Llama-3.1-8B',
    '01-ai/Yi_1.5',
    'a/b',
  ])('takes %j', (value) => {
    expect(isModelId(value)).toBe(true);
  });

  it.each([
    '',
    '/',
    'org/',
    '/name',
    'a/b/c',
    '../../etc/passwd',
    'org/..',
    'org/a..b',
    'org/a--b',
    '.hidden/name',
    '-rf/name',
    'org/--flag',
    'org/na me',
    'org/name?x=1',
    'org/name#x',
    'org/name%2f..',
    'org\\name',
    'org/name\n',
    'org/name\0',
    'https://huggingface.co/org/name',
    'орг/имя',
    `org/${'x'.repeat(97)}`,
  ])('refuses %j', (value) => {
    expect(isModelId(value)).toBe(false);
  });

  it('accepts nothing that means something else in a URL path or on a command line', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (value) => {
        if (!isModelId(value)) return;
        expect(new URL(`https://hub.example/${value}/resolve`).pathname).toBe(`/${value}/resolve`);
        expect(value).not.toMatch(/^-|\/-|\s/);
      }),
      { numRuns: 2000 },
    );
  });
});
