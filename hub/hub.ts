/**
 * The Hugging Face Hub: what models need (read-model.ts) and whether a token may have them. Asked by the worker
 * before hardware is chosen and by the api for quotes, which is why it is a folder of its own; it imports the domain
 * and nothing else, and keeps nothing. model-reader.ts is the same with a memory.
 *
 * Keyed by repository and revision. It fails with UserErrors: `model_not_found`, `model_gated`, and
 * `hub_unavailable` with a Retry-After. Nothing that it throws or returns holds a token.
 */
import { HubFailure, asHubFailure, explain } from './hub-failure.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { fileUrl, readModel } from './read-model.ts';
import type { ModelReading, RepositoryState } from './reading.ts';

export interface HubWish {
  model: string;
  revision: string | null;
  /** The endpoint's own token. */
  token: string | null;
  /** Ends the conversation early. */
  signal?: AbortSignal | undefined;
}

export interface ModelHub {
  readonly endpoint: string;
  /** Whether it has a token of its own, used where an endpoint brings none. */
  readonly hasOwnToken: boolean;
  /**
   * @param known what an earlier reading found: when that is how it still is, the answer is `unchanged`
   * @throws UserError `model_not_found`, `hub_unavailable`
   */
  readModel(wish: HubWish, known?: RepositoryState | null): Promise<ModelReading | 'unchanged'>;
  /**
   * Makes sure that this token may read a file. The list of a gated model is public, its files are not.
   * @throws UserError `model_gated`, `model_not_found`, `hub_unavailable`
   */
  checkReadable(wish: HubWish, path: string): Promise<void>;
}

export interface HubOptions {
  /** e.g. https://huggingface.co */
  endpoint: string;
  token: string | null;
}

export function createHub({ endpoint, token: ownToken }: HubOptions): ModelHub {
  const talk = ({ token, signal }: HubWish) => ({ endpoint, token: token ?? ownToken, signal });
  return {
    endpoint,
    hasOwnToken: ownToken !== null,
    async readModel(wish, known = null) {
      try {
        return await readModel(talk(wish), { ...wish, known });
      } catch (error) {
        throw explain(asHubFailure(error), wish, endpoint);
      }
    },
    async checkReadable(wish, path) {
      try {
        await boundedFetch(talk(wish))(fileUrl(endpoint, wish.model, wish.revision, path), { method: 'HEAD' });
      } catch (error) {
        const failure = asHubFailure(error);
        // For those who may not see it, a private repository is one that does not exist.
        throw explain(failure.status === 401 ? denied(failure) : failure, wish, endpoint);
      }
    },
  };
}

/** A missing file is 404; 401 to a question about a file of a model that was just seen is a matter of the token. */
function denied(failure: HubFailure): HubFailure {
  return new HubFailure('denied', failure.message, { status: 401, cause: failure });
}
