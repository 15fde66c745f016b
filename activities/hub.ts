/**
 * The Hugging Face Hub, through its own client with one wrapped fetch: a time limit, no redirect to
 * another host, and the error code and Retry-After that the client would drop.
 */
import { HubApiError, listFiles, modelInfo } from '@huggingface/hub';
import { UserError } from '../domain/errors.ts';
import type { WeightsFile } from '../domain/sizing/plan.ts';

const REQUEST_TIMEOUT_MS = 15_000;
const FILES_MAX = 10_000;

export interface ModelHub {
  /**
   * The files of a model at one commit.
   * @throws UserError `model_not_found`, `model_gated`, `hub_unavailable` (with retry-after when the Hub says so)
   */
  listFiles(wish: { model: string; revision: string | null; token: string | null }): Promise<{
    commit: string | null;
    files: WeightsFile[];
  }>;
}

export interface HubOptions {
  /** e.g. https://huggingface.co */
  endpoint: string;
  /** The installation's own token, used where an endpoint brings none. */
  token: string | null;
}

export function createHub(options: HubOptions): ModelHub {
  return {
    async listFiles({ model, revision, token }) {
      const accessToken = token ?? options.token;
      const trace: ResponseTrace = { errorCode: null, retryAfterSeconds: null };
      const common = {
        hubUrl: options.endpoint,
        fetch: tracedFetch(trace),
        ...(accessToken ? { accessToken } : {}),
      };
      try {
        const info = await modelInfo({ name: model, ...common, additionalFields: ['sha'], ...(revision ? { revision } : {}) });
        const commit = info.sha ?? revision;
        const files: WeightsFile[] = [];
        for await (const entry of listFiles({ repo: model, recursive: true, ...common, ...(commit ? { revision: commit } : {}) })) {
          if (entry.type !== 'file') continue;
          if (!Number.isFinite(entry.size) || entry.size < 0) continue;
          files.push({ path: entry.path, sizeBytes: entry.size, sha256: entry.lfs?.oid ?? null });
          if (files.length > FILES_MAX) break;
        }
        return { commit, files };
      } catch (error) {
        throw explain(error, model, revision, trace, options.endpoint);
      }
    },
  };
}

interface ResponseTrace {
  errorCode: string | null;
  retryAfterSeconds: number | null;
}

/** Keeps what HubApiError drops. Redirects are followed on the same host only. */
function tracedFetch(trace: ResponseTrace): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, redirect: 'manual', signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    trace.errorCode = response.headers.get('x-error-code');
    const retryAfter = Number(response.headers.get('retry-after'));
    trace.retryAfterSeconds = Number.isFinite(retryAfter) && retryAfter > 0 ? Math.min(retryAfter, 300) : null;
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || !location) return response;
    const from = new URL(input instanceof Request ? input.url : input);
    const to = new URL(location, from);
    if (to.origin !== from.origin) throw new Error(`the Hub redirected to another host (${to.host})`);
    return fetch(to, { ...init, redirect: 'error', signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  };
}

function explain(error: unknown, model: string, revision: string | null, trace: ResponseTrace, endpoint: string): UserError {
  const status = error instanceof HubApiError ? error.statusCode : null;
  const cause = { cause: error };
  if (trace.errorCode === 'GatedRepo' || status === 403) {
    return new UserError(
      'model_gated',
      `${model} is gated. Accept the licence at ${endpoint}/${model}, then add a token of an account that has access (huggingFaceToken) and retry.`,
      cause,
    );
  }
  if (trace.errorCode === 'RevisionNotFound') {
    return new UserError('model_not_found', `${model} has no revision "${revision}". Check the branch, tag or commit.`, cause);
  }
  if (status === 404 || status === 401 || trace.errorCode === 'RepoNotFound') {
    return new UserError(
      'model_not_found',
      `There is no model ${model} on the Hub, or it is private. Check the id; for a private model add a token (huggingFaceToken).`,
      cause,
    );
  }
  const wait = trace.retryAfterSeconds;
  return new UserError('hub_unavailable', `The Hugging Face Hub does not answer for ${model}${status ? ` (status ${status})` : ''}. Trying again.`, {
    ...cause,
    headers: wait ? { 'retry-after': String(wait) } : {},
  });
}
