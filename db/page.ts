/** Pages of a list, newest first. A cursor is the id of the last row of the page before. */
import { type RawBuilder, sql } from 'kysely';

export interface PageWish {
  limit: number;
  afterId: string | null;
}

/**
 * What comes after the cursor in the order of (created_at, id), both descending; everything without one. A
 * cursor of another owner names no row that this transaction can see, and so gives an empty page.
 */
export function afterCursor(table: 'endpoints' | 'api_keys', afterId: string | null): RawBuilder<boolean> {
  if (afterId === null) return sql<boolean>`true`;
  return sql<boolean>`(created_at, id) < (SELECT anchor.created_at, anchor.id FROM ${sql.table(table)} anchor WHERE anchor.id = ${afterId})`;
}

/** Cuts off the row that was asked for beyond the limit, whose presence means that there is a next page. */
export function pageOf<T extends { id: string }>(
  rows: readonly T[],
  limit: number,
): { rows: T[]; nextId: string | null } {
  const shown = rows.slice(0, limit);
  return { rows: shown, nextId: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
}
