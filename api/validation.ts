/** Turns what a schema refuses into `invalid_request` naming each field. Values are never repeated: they may be secret. */
import type { z } from 'zod';
import { UserError } from '../domain/errors.ts';

const FIELDS_MAX = 20;
const NAME_LENGTH_MAX = 80;

export type InputPlace = 'path' | 'query' | 'header' | 'body';

/** @throws UserError `invalid_request` with `details.fields` */
export function parseInput<T>(schema: z.ZodType<T> | undefined, value: unknown, place: InputPlace): T | undefined {
  if (!schema) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalidRequest(fieldsOf(result.error.issues), place);
}

/** The error for a field that only the handler could judge. */
export function invalidField(name: string, problem: string): UserError {
  return invalidRequest(new Map([[name, problem]]), 'body');
}

function invalidRequest(fields: Map<string, string>, place: InputPlace): UserError {
  const list = [...fields].slice(0, FIELDS_MAX);
  const sentences = list.map(([name, problem]) => `${name}: ${problem}`);
  const where = place === 'body' ? 'The request' : `The ${place}`;
  return new UserError('invalid_request', `${where} is not valid. ${sentences.join('; ')}.`, {
    // fromEntries defines own properties, so a field called __proto__ is only a name.
    details: { fields: Object.fromEntries(list) },
  });
}

function fieldsOf(issues: readonly z.core.$ZodIssue[]): Map<string, string> {
  const fields = new Map<string, string>();
  const add = (path: readonly PropertyKey[], problem: string) => {
    const name = path.map(String).join('.').slice(0, NAME_LENGTH_MAX) || 'body';
    if (!fields.has(name)) fields.set(name, problem);
  };
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) add([...issue.path, key], 'is not a known field');
    } else if (issue.code === 'invalid_key') {
      add(issue.path, issue.issues[0]?.message ?? 'is not a valid name');
    } else {
      add(issue.path, sentence(issue));
    }
  }
  return fields;
}

function sentence(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return 'is required';
  return issue.message.replace(/^Invalid input: /, '');
}
