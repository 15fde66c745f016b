/**
 * The catalogue of errors a user can meet: one stable code, the HTTP status it is answered with, and
 * whether trying again can help. docs/errors.md explains each; a test holds the two together.
 * The sentence is written where the error is raised, because only there are the numbers and names known.
 */
export const ERROR_CATALOG = {
  // Requests
  invalid_request: { status: 422, retryable: false },
  invalid_json: { status: 400, retryable: false },
  unsupported_media_type: { status: 415, retryable: false },
  payload_too_large: { status: 413, retryable: false },
  not_found: { status: 404, retryable: false },
  method_not_allowed: { status: 405, retryable: false },
  misdirected_request: { status: 421, retryable: false },
  // Identity
  unauthenticated: { status: 401, retryable: false },
  invalid_api_key: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  origin_not_allowed: { status: 403, retryable: false },
  rate_limit_exceeded: { status: 429, retryable: true },
  // Idempotency and concurrency
  idempotency_key_in_use: { status: 409, retryable: true },
  idempotency_key_reused: { status: 422, retryable: false },
  precondition_failed: { status: 412, retryable: false },
  // Endpoints
  endpoint_not_found: { status: 404, retryable: false },
  endpoint_building: { status: 503, retryable: true },
  endpoint_waking: { status: 503, retryable: true },
  endpoint_wake_failed: { status: 503, retryable: true },
  endpoint_paused: { status: 409, retryable: false },
  endpoint_failed: { status: 503, retryable: false },
  endpoint_busy: { status: 409, retryable: true },
  endpoint_deleting: { status: 409, retryable: false },
  price_not_accepted: { status: 409, retryable: false },
  wake_unavailable: { status: 503, retryable: true },
  wake_queue_full: { status: 429, retryable: true },
  node_lost: { status: 502, retryable: true },
  upstream_interrupted: { status: 502, retryable: true },
  // Bring-up (status reasons)
  model_not_found: { status: 422, retryable: false },
  model_gated: { status: 422, retryable: false },
  model_unsupported: { status: 422, retryable: false },
  model_no_gguf: { status: 422, retryable: false },
  model_too_large: { status: 422, retryable: false },
  hardware_undetermined: { status: 422, retryable: false },
  hub_unavailable: { status: 503, retryable: true },
  weights_download_failed: { status: 502, retryable: true },
  capacity_unavailable: { status: 503, retryable: true },
  runtime_unavailable: { status: 503, retryable: false },
  runtime_crash_loop: { status: 502, retryable: false },
  bring_up_timeout: { status: 504, retryable: true },
  lifecycle_terminated: { status: 500, retryable: true },
  provider_unavailable: { status: 503, retryable: true },
  // Us
  dependency_unavailable: { status: 503, retryable: true },
  internal_error: { status: 500, retryable: true },
} as const satisfies Record<string, { status: number; retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CATALOG;

/**
 * An error whose code and sentence may be shown to the user. `detail` and `cause` are for logs only.
 */
export class UserError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;
  readonly headers: Record<string, string>;
  /** The catalogue's, unless the raiser knows better: a refused command is 409 whatever the code. */
  readonly status: number;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      details?: Record<string, unknown>;
      headers?: Record<string, string>;
      status?: number;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'UserError';
    this.code = code;
    this.details = options.details;
    this.headers = options.headers ?? {};
    this.status = options.status ?? ERROR_CATALOG[code].status;
  }
}
