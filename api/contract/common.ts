/** What every part of the contract is made of: ids, times, cursors, pages, the error. */
import { z } from 'zod';
import { ERROR_CATALOG, type ErrorCode } from '../../domain/errors.ts';

export const EndpointIdPath = z.object({
  id: z.string().meta({ description: 'The endpoint id.', example: 'endpt-a1b2c3d4e5f6' }),
});

export const Timestamp = z.iso.datetime().meta({ description: 'A time in ISO 8601, UTC.' });

export const HuggingFaceToken = z
  .string()
  .regex(/^[\x21-\x7e]{8,512}$/, 'must be 8 to 512 printable characters without spaces')
  .meta({ description: 'Kept encrypted and never shown again.' });

const PAGE_LIMIT_MAX = 100;

/** Page size and cursor. A limit above the highest is taken for the highest. */
export function pageQuery(limitMax = PAGE_LIMIT_MAX, limitDefault = 20) {
  return z.object({
    limit: z.coerce
      .number()
      .int()
      .min(1)
      .default(limitDefault)
      .transform((limit) => Math.min(limit, limitMax))
      .meta({
        description: `How many at most, up to ${limitMax}.`,
        override: { type: 'integer', minimum: 1, maximum: limitMax, default: limitDefault },
      }),
    cursor: z.string().max(200).optional().meta({ description: '`nextCursor` of the page before.' }),
  });
}

/** A page of things. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.strictObject({
    items: z.array(item),
    nextCursor: z.string().nullable().meta({ description: 'Where the next page starts; null on the last one.' }),
  });
}

const errorCodes = Object.keys(ERROR_CATALOG) as [ErrorCode, ...ErrorCode[]];

export const ErrorBody = z
  .strictObject({
    success: z.literal(false),
    error: z.strictObject({
      code: z.enum(errorCodes).meta({ description: 'Stable; each is explained in docs/errors.md.' }),
      message: z.string(),
      details: z.record(z.string(), z.unknown()).optional(),
    }),
    requestId: z.string(),
  })
  .meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof ErrorBody>;

/** Opaque to clients: where a page ended. */
export function encodeCursor(position: string): string {
  return Buffer.from(`1:${position}`).toString('base64url');
}

/** The position inside a cursor, or null when it is none of ours. */
export function decodeCursor(cursor: string): string | null {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  return /^1:[\w-]{1,64}$/.test(text) ? text.slice(2) : null;
}
