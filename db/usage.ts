/**
 * Node-seconds and cost from the ledger (node_intervals), in integer micro-dollars. The cost of a slice is
 * the difference of two running totals, so that hours add up to days and days to the whole, exactly.
 */
import { type RawBuilder, sql } from 'kysely';
import type { OwnerTx } from './client.ts';
import { OWNER } from './owned.ts';

export interface UsageQuery {
  from: Date;
  to: Date;
  /** Null means one row for the whole time. */
  by: 'hour' | 'day' | null;
  /** Null means all of the owner's endpoints, deleted ones too. */
  endpointId: string | null;
}

export interface UsageRow {
  endpointId: string;
  /** Start of the slice, UTC; null when there are no slices. */
  start: Date | null;
  nodeSeconds: number;
  /** Null when a price in it is unknown: never shown as free. */
  costUsdMicros: number | null;
}

/** Usage per endpoint and slice; slices in which nothing ran are left out. */
export async function readUsage(tx: OwnerTx, query: UsageQuery): Promise<UsageRow[]> {
  const { from, to, by, endpointId } = query;
  const slices =
    by === null
      ? sql`SELECT NULL::timestamptz AS start, ${from}::timestamptz AS slice_from, ${to}::timestamptz AS slice_to`
      : sql`SELECT s AS start, greatest(s, ${from}::timestamptz) AS slice_from,
              least(s + ${`1 ${by}`}::interval, ${to}::timestamptz) AS slice_to
            FROM generate_series(date_trunc(${by}, ${from}::timestamptz, 'UTC'), ${to}::timestamptz, ${`1 ${by}`}::interval) AS s`;
  const { rows } = await sql<{ endpoint_id: string; start: Date | null; node_seconds: number; cost: number | null }>`
    WITH slices AS (${slices}),
    ran AS (SELECT endpoint_id, usd_micros_per_hour, started_at, coalesce(ended_at, now()) AS ended_at FROM node_intervals
      WHERE owner_id = ${OWNER} AND started_at < ${to} AND coalesce(ended_at, now()) > ${from}
        AND (${endpointId}::text IS NULL OR endpoint_id = ${endpointId}))
    SELECT endpoint_id, start,
      sum(extract(epoch FROM least(ended_at, slice_to) - greatest(started_at, slice_from)))::float8 AS node_seconds,
      CASE WHEN bool_or(usd_micros_per_hour IS NULL) THEN NULL ELSE
        sum(${costUntil(sql`least(ended_at, slice_to)`)} - ${costUntil(sql`greatest(started_at, slice_from)`)})::bigint END AS cost
    FROM ran JOIN slices ON started_at < slice_to AND ended_at > slice_from
    GROUP BY endpoint_id, start ORDER BY start, endpoint_id`.execute(tx);
  return rows.map((row) => ({
    endpointId: row.endpoint_id,
    start: row.start,
    nodeSeconds: row.node_seconds,
    costUsdMicros: row.cost,
  }));
}

/** What an interval has cost from its start until `at`, rounded down to a micro-dollar. */
function costUntil(at: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`floor(usd_micros_per_hour * extract(epoch FROM ${at} - started_at) / 3600)`;
}
