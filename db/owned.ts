/**
 * The owner that `forOwner` acts for, to name in every query. Row-level security filters the same rows once
 * more, so that either wall may fall and the other still stands.
 */
import { sql } from 'kysely';

export const OWNER = sql<string>`current_setting('app.owner', true)`;
