/**
 * The Hub with a memory. Within ten minutes a model is read once; later one request finds out whether it is still
 * the same commit for the same public; and when the Hub does not answer, what it said within the last week will do,
 * and the plan says so.
 *
 * What everybody may read is kept once for all. What was read of a gated or private repository is kept only for the
 * owner whose token read it, or for those without a token where the installation's own did. A reading that was
 * refused is never taken for fresh, because the next token may be a better one. No token is kept.
 */
import { UserError } from '../domain/errors.ts';
import { AskLimit } from './ask-limit.ts';
import type { HubWish, ModelHub } from './hub.ts';
import type { ModelReading } from './reading.ts';

const FRESH_MS = 10 * 60_000;
const KEPT_MS = 7 * 86_400_000;
const PUBLIC = 'everyone';

export interface StoredReading {
  reading: ModelReading;
  /** When the Hub last said that it is so. */
  checkedAt: Date;
}

/** Where readings are kept, by Hub, repository, revision and who may see them. */
export interface ReadingKey {
  hubUrl: string;
  model: string;
  revision: string | null;
  visibleTo: string;
}

export interface ReadingStore {
  find(key: Omit<ReadingKey, 'visibleTo'>, visibleTo: readonly string[]): Promise<StoredReading | null>;
  save(key: ReadingKey, reading: ModelReading): Promise<void>;
  confirm(key: ReadingKey): Promise<void>;
}

export interface ReadModel extends ModelReading {
  checkedAt: Date;
  /** The Hub did not answer: this is what it said at `checkedAt`. */
  isOld: boolean;
}

export interface ModelReader {
  /** @throws UserError `model_not_found`, `hub_unavailable`, `rate_limit_exceeded` */
  read(wish: HubWish & { ownerId: string }): Promise<ReadModel>;
  readonly hub: ModelHub;
}

export function createModelReader(hub: ModelHub, store: ReadingStore, now: () => number = Date.now): ModelReader {
  const limit = new AskLimit(now);
  return {
    hub,
    async read(wish) {
      const reader = readerOf(hub, wish);
      const place = { hubUrl: hub.endpoint, model: wish.model, revision: wish.revision };
      const stored = await store.find(place, [reader, PUBLIC]);
      const ageMs = stored ? now() - stored.checkedAt.getTime() : Number.POSITIVE_INFINITY;
      const known = stored && stored.reading.trouble === null ? stored : null;
      if (known && ageMs < FRESH_MS) return { ...known.reading, checkedAt: known.checkedAt, isOld: false };
      limit.take(wish.ownerId);
      try {
        const answer = await hub.readModel(wish, known?.reading.state ?? null);
        const reading = answer === 'unchanged' && known ? known.reading : answer;
        if (reading === 'unchanged') throw new Error('unchanged from nothing');
        const key = { ...place, visibleTo: audienceOf(reading, reader) };
        await (answer === 'unchanged' ? store.confirm(key) : store.save(key, reading));
        return { ...reading, checkedAt: new Date(now()), isOld: false };
      } catch (error) {
        const isDown = error instanceof UserError && error.code === 'hub_unavailable';
        if (!isDown || !stored || ageMs > KEPT_MS) throw error;
        return { ...stored.reading, checkedAt: stored.checkedAt, isOld: true };
      }
    },
  };
}

/** As whom the Hub is asked: an owner with their token, the installation with its own, or nobody. */
function readerOf(hub: ModelHub, { token, ownerId }: { token: string | null; ownerId: string }): string {
  if (token !== null) return `owner:${ownerId}`;
  return hub.hasOwnToken ? 'installation' : 'anonymous';
}

function audienceOf({ state, trouble }: ModelReading, reader: string): string {
  return state.gated || state.private || trouble === 'denied' ? reader : PUBLIC;
}
