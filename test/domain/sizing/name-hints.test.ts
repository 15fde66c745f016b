import { describe, expect, it } from '@jest/globals';
import { hintFromName } from '../../../domain/sizing/name-hints.ts';

describe('hintFromName', () => {
  it.each([
    ['no number', 'org/my-model'],
    ['a version', 'org/assistant-v2'],
    ['a date', 'org/chat-2024'],
    ['a context', 'org/notes-128k'],
    ['a context in millions', 'org/notes-1M'],
    ['active parameters alone', 'org/model-A3B'],
    ['active parameters and experts', 'meta-llama/Llama-4-Foo-17B-64E'],
    ['experts and active parameters', 'org/foo-16E-17B'],
    ['a version that looks like a size', 'org/Llama-3.1'],
    ['bits', 'org/thing-8bit'],
    ['nothing', ''],
  ])('says unknown where there is only %s', (_, name) => {
    expect(hintFromName(name)).toBeNull();
  });

  it.each([
    ['mistralai/Mixtral-8x7B-Instruct-v0.1', 46.7, 'bf16'],
    ['org/foo-4x7b', 23, 'bf16'],
    ['Qwen/Qwen3-235B-A22B-GPTQ-Int4', 235, 'int4'],
    ['unsloth/gpt-oss-20b-BF16', 20.9, 'bf16'],
    ['unsloth/gpt-oss-20b-GGUF', 20.9, 'gguf'],
    ['google/gemma-3-270m', 0.27, 'bf16'],
    ['org/DeepSeek-R1-Distill-Llama-70B-AWQ', 70, 'int4'],
    ['deepseek-ai/DeepSeek-R1', 684.5, 'fp8'],
  ])('reads %s', (name, billions, format) => {
    const hint = hintFromName(name);
    expect((hint?.parameters ?? 0) / 1e9).toBeCloseTo(billions, 0);
    expect(hint?.quantization.format).toBe(format);
  });

  it('answers at once for names made to be slow', () => {
    const before = performance.now();
    hintFromName('a-'.repeat(100_000));
    hintFromName('9'.repeat(100_000));
    hintFromName('1_'.repeat(100_000));
    expect(performance.now() - before).toBeLessThan(500);
  });
});
