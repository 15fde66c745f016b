/** Reads the cursor of a page. */
import { UserError } from '../domain/errors.ts';
import { decodeCursor } from './contract.ts';

/** Null without a cursor. @throws UserError `invalid_request` when it is none of ours */
export function positionOf(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const position = decodeCursor(cursor);
  if (position !== null) return position;
  const problem = 'must be the nextCursor of an earlier page';
  throw new UserError('invalid_request', `The query is not valid. cursor: ${problem}.`, {
    details: { fields: { cursor: problem } },
  });
}
