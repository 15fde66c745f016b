/**
 * LISTEN on a connection of its own, reconnecting for ever. A notification is a hint to look, never the
 * only way to learn: whoever listens also polls slowly, and looks again after each (re)connect.
 */
import pg from 'pg';

export interface Listener {
  close(): Promise<void>;
}

export interface ListenOptions {
  connectionString: string;
  channels: readonly string[];
  /** Called with channel and payload for each notification. */
  onNotify: (channel: string, payload: string) => void;
  /** Called after each connect: notifications sent before it were missed. */
  onConnect: () => void;
  onError?: (error: Error) => void;
}

const RECONNECT_MS_MIN = 100;
const RECONNECT_MS_MAX = 5_000;
const KEEPALIVE_MS = 15_000;

/** Starts listening in the background; never throws. */
export function listen(options: ListenOptions): Listener {
  let client: pg.Client | null = null;
  let closed = false;
  let delayMs = RECONNECT_MS_MIN;
  let retry: NodeJS.Timeout | undefined;

  const connect = async () => {
    if (closed) return;
    const candidate = new pg.Client({
      connectionString: options.connectionString,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
    });
    let lost = false;
    const onLost = (error: Error) => {
      if (lost) return;
      lost = true;
      clearInterval(keepalive);
      if (client === candidate) client = null;
      candidate.removeAllListeners('notification');
      candidate.end().catch(() => {});
      if (closed) return;
      options.onError?.(error);
      retry = setTimeout(() => void connect(), delayMs);
      delayMs = Math.min(delayMs * 2, RECONNECT_MS_MAX);
    };
    // A half-open connection shows only when something is sent over it.
    const keepalive = setInterval(() => {
      candidate.query('SELECT 1').catch(onLost);
    }, KEEPALIVE_MS);
    keepalive.unref();
    candidate.on('error', onLost);
    candidate.on('end', () => onLost(new Error('connection ended')));
    candidate.on('notification', (message) => options.onNotify(message.channel, message.payload ?? ''));
    try {
      await candidate.connect();
      for (const channel of options.channels) await candidate.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
      client = candidate;
      delayMs = RECONNECT_MS_MIN;
      options.onConnect();
    } catch (error) {
      onLost(error as Error);
    }
  };
  void connect();

  return {
    async close() {
      closed = true;
      clearTimeout(retry);
      await client?.end().catch(() => {});
    },
  };
}
