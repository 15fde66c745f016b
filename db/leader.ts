/**
 * One leader among any number of processes, by a Postgres advisory lock on a connection of its own: when
 * the process or its connection dies, Postgres gives the lock to the next who asks. Nobody may rely on
 * there being at most one for longer than a lost connection takes to show, so what a leader does must be
 * harmless when done twice.
 */
import pg from 'pg';

/** The locks in use, so that no two purposes share one. */
export const LEADER_LOCKS = { trafficMonitor: 7_105_001 } as const;

export interface Leadership {
  /** For how long this process has led without a break; null when it does not. */
  tenureMs(): number | null;
  close(): Promise<void>;
}

export interface LeadOptions {
  connectionString: string;
  lock: number;
  retryMs?: number;
  onError?: (error: Error) => void;
}

/** Stands for leadership in the background until closed; never throws. */
export function lead(options: LeadOptions): Leadership {
  const retryMs = options.retryMs ?? 1_000;
  let client: pg.Client | null = null;
  let ledSinceMs: number | null = null;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const drop = (error: Error | null) => {
    const lost = client;
    client = null;
    ledSinceMs = null;
    lost?.end().catch(() => {});
    if (error && !closed) options.onError?.(error);
  };

  const round = async () => {
    try {
      if (!client) {
        const candidate = new pg.Client({
          connectionString: options.connectionString,
          connectionTimeoutMillis: 5_000,
          query_timeout: 5_000,
          keepAlive: true,
        });
        candidate.on('error', drop);
        client = candidate;
        await candidate.connect();
      }
      if (ledSinceMs === null) {
        const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [
          options.lock,
        ]);
        if (rows[0]?.locked) ledSinceMs = performance.now();
      } else {
        // A connection that broke silently shows only when it is used.
        await client.query('SELECT 1');
      }
    } catch (error) {
      drop(error as Error);
    }
    if (closed) drop(null);
    else timer = setTimeout(() => void round(), retryMs);
  };
  void round();

  return {
    tenureMs: () => (ledSinceMs === null ? null : performance.now() - ledSinceMs),
    async close() {
      closed = true;
      clearTimeout(timer);
      const last = client;
      client = null;
      ledSinceMs = null;
      await last?.end().catch(() => {});
    },
  };
}
