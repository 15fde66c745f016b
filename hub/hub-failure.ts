/** What went wrong between us and the Hub, told apart by what can be done about it. */
import { UserError } from '../domain/errors.ts';

/**
 * - missing: there is no such repository, revision or file, or nobody may know of it
 * - denied: it is there and this token may not read it
 * - unavailable: trying again later can help
 * - unusable: an answer came that is none (wrong JSON, endless, gigantic); trying again cannot help
 */
export type HubTrouble = 'missing' | 'denied' | 'unavailable' | 'unusable';

const RETRY_AFTER_SECONDS = 5;

export class HubFailure extends Error {
  readonly trouble: HubTrouble;
  readonly status: number | null;
  /** `X-Error-Code`, which alone tells a missing repository from a gated one: both are answered with 401. */
  readonly errorCode: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(
    trouble: HubTrouble,
    message: string,
    more: { status?: number; errorCode?: string | null; retryAfterSeconds?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = 'HubFailure';
    this.trouble = trouble;
    this.status = more.status ?? null;
    this.errorCode = more.errorCode ?? null;
    this.retryAfterSeconds = more.retryAfterSeconds ?? null;
  }
}

const MISSING = new Set(['RepoNotFound', 'RevisionNotFound', 'EntryNotFound']);

export function failureOf(response: Response): HubFailure {
  const { status } = response;
  const errorCode = response.headers.get('x-error-code');
  const retryAfterSeconds = readRetryAfter(response.headers.get('retry-after'));
  const message = `the Hub answered ${status}${errorCode ? ` ${errorCode}` : ''}`;
  return new HubFailure(troubleOf(status, errorCode), message, { status, errorCode, retryAfterSeconds });
}

function troubleOf(status: number, errorCode: string | null): HubTrouble {
  if (status === 429 || status >= 500) return 'unavailable';
  if (status === 404 || MISSING.has(errorCode ?? '')) return 'missing';
  if (status === 401 || status === 403) return 'denied';
  return 'unusable';
}

/** Seconds, or a date, as HTTP has it; at most five minutes. */
function readRetryAfter(value: string | null): number | null {
  if (!value) return null;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(Math.ceil(seconds), 1), 300) : null;
}

/** Whatever was thrown while talking to the Hub, as one of ours. */
export function asHubFailure(error: unknown): HubFailure {
  if (error instanceof HubFailure) return error;
  // The client reads fields of what it takes for an answer, so JSON of another form ends as a TypeError, too.
  return new HubFailure('unusable', "the Hub's answer cannot be read", { cause: error });
}

/** The failure in the words of the user, with the remedy. */
export function explain(
  failure: HubFailure,
  { model, revision }: { model: string; revision: string | null },
  endpoint: string,
): UserError {
  const cause = { cause: failure };
  switch (failure.trouble) {
    case 'denied':
      return gated(model, endpoint, cause);
    case 'missing':
      return failure.errorCode === 'RevisionNotFound'
        ? new UserError(
            'model_not_found',
            `${model} has no revision "${revision}". Check the branch, tag or commit.`,
            cause,
          )
        : new UserError(
            'model_not_found',
            `There is no model ${model} on the Hub, or it is private. Check the id; for a private model add a token (huggingFaceToken).`,
            cause,
          );
    case 'unavailable':
    case 'unusable': {
      const status = failure.status === null ? '' : ` (status ${failure.status})`;
      const wait = failure.retryAfterSeconds ?? RETRY_AFTER_SECONDS;
      return new UserError(
        'hub_unavailable',
        `The Hugging Face Hub does not answer for ${model}${status}. Try again later.`,
        { ...cause, headers: { 'retry-after': String(wait) } },
      );
    }
  }
}

export function gated(model: string, endpoint: string, options: { cause?: unknown } = {}): UserError {
  return new UserError(
    'model_gated',
    `${model} is gated. Accept the licence at ${endpoint}/${model}, then add a token of an account that has access (huggingFaceToken) and retry.`,
    options,
  );
}
