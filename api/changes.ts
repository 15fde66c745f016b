/**
 * One LISTEN connection per process, shared by everybody here who waits for something: open event streams,
 * `waitFor` calls, the outbox dispatcher. A subscriber is called with "look again", also after each
 * reconnect, because notifications sent in between were missed.
 */
import { type Listener, listen } from '../db/listen.ts';
import type { Logger } from '../log.ts';

const CHANNELS = ['endpoint_changed', 'endpoint_event', 'outbox_added'] as const;
export type ChangeChannel = (typeof CHANNELS)[number];

export interface Changes {
  start(): void;
  /** Calls `look` whenever the named thing (null: anything) changes on the channel. Returns how to stop. */
  subscribe(channel: ChangeChannel, id: string | null, look: () => void): () => void;
  close(): Promise<void>;
}

export function createChanges(options: { connectionString: string; logger: Logger }): Changes {
  const subscribers = new Map<string, Set<() => void>>();
  const topicOf = (channel: string, id: string | null) => `${channel}/${id ?? '*'}`;
  const tell = (topic: string) => {
    for (const look of [...(subscribers.get(topic) ?? [])]) look();
  };
  let listener: Listener | null = null;

  return {
    start() {
      listener ??= listen({
        connectionString: options.connectionString,
        channels: CHANNELS,
        onNotify: (channel, id) => {
          tell(topicOf(channel, id));
          tell(topicOf(channel, null));
        },
        onConnect: () => {
          for (const topic of [...subscribers.keys()]) tell(topic);
        },
        onError: (err) => options.logger.warn({ err }, 'notifications are interrupted'),
      });
    },
    subscribe(channel, id, look) {
      const topic = topicOf(channel, id);
      const looks = subscribers.get(topic) ?? new Set();
      // A wrapper of its own, so that the same function may be subscribed twice.
      const own = () => look();
      subscribers.set(topic, looks.add(own));
      return () => {
        looks.delete(own);
        if (looks.size === 0 && subscribers.get(topic) === looks) subscribers.delete(topic);
      };
    },
    async close() {
      await listener?.close();
      subscribers.clear();
    },
  };
}
