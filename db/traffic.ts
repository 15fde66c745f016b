/**
 * What the proxies have in flight, as far as they told. Each proxy writes its own rows; the lifecycle and
 * the monitor add them up. Times are the database's, ages the proxies': no two machines' clocks are compared.
 */
import { sql } from 'kysely';
import type { Db, Tx } from './client.ts';

/** A proxy that has not reported for this long does not count. */
export const PROXY_LIVE_SECONDS = 15;

export interface LoadReport {
  endpointId: string;
  inFlight: number;
  held: number;
  /** The version of the endpoint that this proxy acts by. */
  seenVersion: number;
  /** How long ago the last counted request ended; null when none ended since the last report. */
  lastEndedAgeMs: number | null;
}

/** Heartbeat and changed loads in one transaction, so that "nothing in flight" never shows before "just ended". */
export async function reportLoads(db: Db, proxyId: string, loads: readonly LoadReport[]): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`INSERT INTO proxies (id, heartbeat_at) VALUES (${proxyId}, clock_timestamp())
      ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp()`.execute(tx);
    if (loads.length === 0) return;
    // In one order everywhere: two proxies that report the same endpoints must not wait for each other.
    const sorted = [...loads].sort((a, b) => (a.endpointId < b.endpointId ? -1 : 1));
    await sql`
      INSERT INTO proxy_loads (proxy_id, endpoint_id, in_flight, held, seen_version, reported_at)
      SELECT ${proxyId}, id, in_flight, held, seen_version, clock_timestamp()
      FROM unnest(${sorted.map((load) => load.endpointId)}::text[], ${sorted.map((load) => load.inFlight)}::int[],
        ${sorted.map((load) => load.held)}::int[], ${sorted.map((load) => load.seenVersion)}::bigint[])
        AS report (id, in_flight, held, seen_version)
      ON CONFLICT (proxy_id, endpoint_id) DO UPDATE SET in_flight = excluded.in_flight, held = excluded.held,
        seen_version = excluded.seen_version, reported_at = excluded.reported_at`.execute(tx);
    const ended = sorted.filter((load) => load.lastEndedAgeMs !== null);
    if (ended.length === 0) return;
    await sql`
      INSERT INTO endpoint_traffic (endpoint_id, last_request_at)
      SELECT report.id, clock_timestamp() - make_interval(secs => report.age_ms / 1000.0)
      FROM unnest(${ended.map((load) => load.endpointId)}::text[], ${ended.map((load) => load.lastEndedAgeMs)}::float8[])
        AS report (id, age_ms)
      JOIN endpoints e ON e.id = report.id
      ON CONFLICT (endpoint_id) DO UPDATE
        SET last_request_at = greatest(endpoint_traffic.last_request_at, excluded.last_request_at)`.execute(tx);
  });
}

/** A proxy that ends in order says so: nobody waits for its reports. */
export async function removeProxy(db: Db, proxyId: string): Promise<void> {
  await db.deleteFrom('proxies').where('id', '=', proxyId).execute();
}

/**
 * Forgets proxies that are certainly gone. Only for the leader, once the database has been reachable for
 * longer than `PROXY_LIVE_SECONDS`: after an outage of the database every heartbeat looks old.
 */
export async function removeDeadProxies(db: Db): Promise<void> {
  await sql`DELETE FROM proxies WHERE heartbeat_at < clock_timestamp() - make_interval(secs => ${PROXY_LIVE_SECONDS + 5})`.execute(
    db,
  );
  await sql`DELETE FROM proxy_loads WHERE endpoint_id IN (SELECT id FROM endpoints WHERE deleted_at IS NOT NULL)`.execute(
    db,
  );
}

export interface ProxyLiveness {
  live: number;
  /** Silent, but not yet known to be gone (the database may have been away): what they do is unknown. */
  doubtful: number;
}

/** Whether the reports can be believed. Nothing should fall asleep while a proxy is doubtful, or none lives. */
export async function proxyLiveness(db: Db | Tx): Promise<ProxyLiveness> {
  const { rows } = await sql<ProxyLiveness>`
    SELECT count(*) FILTER (WHERE fresh)::int AS live, count(*) FILTER (WHERE NOT fresh)::int AS doubtful
    FROM (SELECT heartbeat_at > clock_timestamp() - make_interval(secs => ${PROXY_LIVE_SECONDS}) AS fresh FROM proxies) p`.execute(
    db,
  );
  return rows[0] ?? { live: 0, doubtful: 0 };
}

export interface Traffic {
  inFlight: number;
  held: number;
  /** When the last counted request ended, over all proxies, ever. */
  lastRequestEndedAt: Date | null;
  /** True when every live proxy acts by this version or a later one, so none sends to what it drains. */
  allAcked(version: number): boolean;
}

/** The traffic of one endpoint over all live proxies. */
export async function readTraffic(db: Db | Tx, endpointId: string): Promise<Traffic> {
  const { rows } = await sql<{
    in_flight: number;
    held: number;
    seen_version: number | null;
    last_request_at: Date | null;
  }>`
    SELECT coalesce(sum(l.in_flight), 0)::int AS in_flight, coalesce(sum(l.held), 0)::int AS held,
      CASE WHEN count(p.id) = 0 THEN NULL ELSE min(coalesce(l.seen_version, -1)) END AS seen_version,
      (SELECT last_request_at FROM endpoint_traffic WHERE endpoint_id = ${endpointId}) AS last_request_at
    FROM proxies p
    LEFT JOIN proxy_loads l ON l.proxy_id = p.id AND l.endpoint_id = ${endpointId}
    WHERE p.heartbeat_at > clock_timestamp() - make_interval(secs => ${PROXY_LIVE_SECONDS})`.execute(db);
  const row = rows[0];
  // No live proxy: nobody could send anything.
  const seenVersion = row?.seen_version ?? Number.POSITIVE_INFINITY;
  return {
    inFlight: row?.in_flight ?? 0,
    held: row?.held ?? 0,
    lastRequestEndedAt: row?.last_request_at ?? null,
    allAcked: (version) => seenVersion >= version,
  };
}

export interface IdleCandidate {
  endpointId: string;
  sleepGeneration: number;
  idleTimeoutSeconds: number;
  upSinceMs: number;
  lastRequestEndedMs: number | null;
  inFlight: number;
  held: number;
  nowMs: number;
}

/**
 * Endpoints that may fall asleep and whose idle window seems to have passed; `domain/idle.ts` decides.
 * Not among them: those that cannot sleep, are asked to already, or drain.
 */
export async function readIdleCandidates(db: Db): Promise<IdleCandidate[]> {
  const { rows } = await sql<{
    id: string;
    sleep_generation: number;
    idle_timeout_seconds: number;
    since: Date;
    last_request_at: Date | null;
    in_flight: number;
    held: number;
    now: Date;
  }>`
    SELECT e.id, e.sleep_generation, a.idle_timeout_seconds, e.since, t.last_request_at, clock_timestamp() AS now,
      load.in_flight, load.held
    FROM endpoints e
    JOIN autoscaling a ON a.endpoint_id = e.id
    LEFT JOIN endpoint_traffic t ON t.endpoint_id = e.id
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(l.in_flight), 0)::int AS in_flight, coalesce(sum(l.held), 0)::int AS held
      FROM proxy_loads l JOIN proxies p ON p.id = l.proxy_id
      WHERE l.endpoint_id = e.id AND p.heartbeat_at > clock_timestamp() - make_interval(secs => ${PROXY_LIVE_SECONDS})
    ) load
    WHERE e.status = 'up' AND e.power = 'on' AND e.deleted_at IS NULL AND a.min_nodes = 0
      AND e.hibernate_requested <= e.sleep_generation
      AND greatest(e.since, t.last_request_at) + make_interval(secs => a.idle_timeout_seconds) <= clock_timestamp()
      AND EXISTS (SELECT 1 FROM nodes n WHERE n.endpoint_id = e.id AND n.state = 'ready')`.execute(db);
  return rows.map((row) => ({
    endpointId: row.id,
    sleepGeneration: row.sleep_generation,
    idleTimeoutSeconds: row.idle_timeout_seconds,
    upSinceMs: row.since.getTime(),
    lastRequestEndedMs: row.last_request_at?.getTime() ?? null,
    inFlight: row.in_flight,
    held: row.held,
    nowMs: row.now.getTime(),
  }));
}
