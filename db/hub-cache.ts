/**
 * What the Hub said of models, kept for a while; hub/model-reader.ts decides what is fresh and who may see it.
 * The content is only ever what sizing reads, and is cut to a size before it is kept.
 */
import { sql } from 'kysely';
import type { Db } from './client.ts';

const READING_CHARS_MAX = 2 ** 20;
const KEPT_DAYS = 7;
const ROWS_MAX = 5_000;

export interface HubReadingKey {
  hubUrl: string;
  model: string;
  /** Null for the default branch. */
  revision: string | null;
  visibleTo: string;
}

/** T is whatever is saved: the shape of a reading is hub/'s own. */
export interface HubReadings<T> {
  /** The newest reading that one of these may see. */
  find(
    key: Omit<HubReadingKey, 'visibleTo'>,
    visibleTo: readonly string[],
  ): Promise<{ reading: T; checkedAt: Date } | null>;
  /** Keeps a reading and forgets old ones. One that is too large is not kept. */
  save(key: HubReadingKey, reading: T): Promise<void>;
  /** The Hub says that it is still so. */
  confirm(key: HubReadingKey): Promise<void>;
}

export function hubReadings<T>(db: Db): HubReadings<T> {
  return {
    async find(key, visibleTo) {
      const row = await db
        .selectFrom('hub_readings')
        .select(['reading', 'checked_at as checkedAt'])
        .where('hub_url', '=', key.hubUrl)
        .where('model', '=', key.model)
        .where('revision', '=', key.revision ?? '')
        .where('visible_to', 'in', visibleTo)
        .orderBy('checked_at', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row ? { reading: row.reading as T, checkedAt: row.checkedAt } : null;
    },
    async save(key, reading) {
      const text = JSON.stringify(reading);
      if (text.length > READING_CHARS_MAX) return;
      const checked_at = new Date();
      await db
        .insertInto('hub_readings')
        .values({ ...columns(key), reading: text, checked_at })
        .onConflict((conflict) =>
          conflict.columns(['hub_url', 'model', 'revision', 'visible_to']).doUpdateSet({ reading: text, checked_at }),
        )
        .execute();
      await forgetOld(db);
    },
    async confirm(key) {
      const { hub_url, model, revision, visible_to } = columns(key);
      await db
        .updateTable('hub_readings')
        .set({ checked_at: new Date() })
        .where('hub_url', '=', hub_url)
        .where('model', '=', model)
        .where('revision', '=', revision)
        .where('visible_to', '=', visible_to)
        .execute();
    },
  };
}

/** Those older than a week, and the oldest of too many. */
async function forgetOld(db: Db): Promise<void> {
  await sql`DELETE FROM hub_readings WHERE checked_at < greatest(now() - make_interval(days => ${KEPT_DAYS}),
    (SELECT checked_at FROM hub_readings ORDER BY checked_at DESC OFFSET ${ROWS_MAX} LIMIT 1))`.execute(db);
}

function columns(key: HubReadingKey) {
  return { hub_url: key.hubUrl, model: key.model, revision: key.revision ?? '', visible_to: key.visibleTo };
}
