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
  listFiles(wish: HubWish): Promise<{ commit: string | null; files: WeightsFile[]; gated: boolean }>;
  /**
   * Makes sure that this token may read a file. The listing of a gated model is public, its files are not.
   * @throws UserError as `listFiles`
   */
  checkReadable(wish: HubWish, path: string): Promise<void>;
}

export interface HubWish {
  model: string;
  revision: string | null;
  /** The endpoint's own token. */
  token: string | null;
}

export interface HubOptions {
  /** e.g. https://huggingface.co */
  endpoint: string;
  /** The installation's own token, used where an endpoint brings none. */
  token: string | null;
}

export function createHub(options: HubOptions): ModelHub {
  /** One conversation with the Hub, whose failures are explained. */
  async function ask<T>(wish: HubWish, question: (common: HubCallOptions) => Promise<T>): Promise<T> {
    const accessToken = wish.token ?? options.token;
    const trace: ResponseTrace = { errorCode: null, retryAfterSeconds: null };
    try {
      return await question({
        hubUrl: options.endpoint,
        fetch: tracedFetch(trace),
        ...(accessToken ? { accessToken } : {}),
      });
    } catch (error) {
      throw explain(error, wish, trace, options.endpoint);
    }
  }
  return {
    listFiles: (wish) =>
      ask(wish, async (common) => {
        const { model, revision } = wish;
        const info = await modelInfo({
          name: model,
          ...common,
          additionalFields: ['sha'],
          ...(revision ? { revision } : {}),
        });
        const commit = info.sha ?? revision;
        const files: WeightsFile[] = [];
        for await (const entry of listFiles({
          repo: model,
          recursive: true,
          ...common,
          ...(commit ? { revision: commit } : {}),
        })) {
          if (entry.type !== 'file' || !Number.isFinite(entry.size) || entry.size < 0) continue;
          files.push({ path: entry.path, sizeBytes: entry.size, sha256: entry.lfs?.oid ?? null });
          if (files.length >= FILES_MAX) break;
        }
        return { commit, files, gated: info.gated !== false };
      }),
    checkReadable: (wish, path) =>
      ask(wish, async ({ hubUrl, fetch: send, accessToken }) => {
        // The client's own call would follow the redirect to the store; that there is one is all we ask.
        const url = `${hubUrl}/${wish.model}/resolve/${encodeURIComponent(wish.revision ?? 'main')}/${encodePath(path)}`;
        const headers = accessToken ? { authorization: `Bearer ${accessToken}` } : {};
        const response = await send(url, { method: 'HEAD', headers });
        if (response.status >= 400) throw new HubApiError(url, response.status);
      }),
  };
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

interface HubCallOptions {
  hubUrl: string;
  fetch: typeof fetch;
  accessToken?: string;
}

interface ResponseTrace {
  errorCode: string | null;
  retryAfterSeconds: number | null;
}

/** Keeps what HubApiError drops. Redirects are followed on the same host only; a HEAD has its answer in one elsewhere. */
function tracedFetch(trace: ResponseTrace): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, {
      ...init,
      redirect: 'manual',
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    trace.errorCode = response.headers.get('x-error-code');
    const retryAfter = Number(response.headers.get('retry-after'));
    trace.retryAfterSeconds = Number.isFinite(retryAfter) && retryAfter > 0 ? Math.min(retryAfter, 300) : null;
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || !location) return response;
    const from = new URL(input instanceof Request ? input.url : input);
    const to = new URL(location, from);
    if (to.origin !== from.origin) {
      if (init?.method === 'HEAD') return response;
      throw new Error(`the Hub redirected to another host (${to.host})`);
    }
    return fetch(to, { ...init, redirect: 'error', signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  };
}

function explain(error: unknown, { model, revision }: HubWish, trace: ResponseTrace, endpoint: string): UserError {
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
    return new UserError(
      'model_not_found',
      `${model} has no revision "${revision}". Check the branch, tag or commit.`,
      cause,
    );
  }
  if (status === 404 || status === 401 || trace.errorCode === 'RepoNotFound') {
    return new UserError(
      'model_not_found',
      `There is no model ${model} on the Hub, or it is private. Check the id; for a private model add a token (huggingFaceToken).`,
      cause,
    );
  }
  const wait = trace.retryAfterSeconds;
  return new UserError(
    'hub_unavailable',
    `The Hugging Face Hub does not answer for ${model}${status ? ` (status ${status})` : ''}. Trying again.`,
    {
      ...cause,
      headers: wait ? { 'retry-after': String(wait) } : {},
    },
  );
}
