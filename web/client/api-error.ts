/** What went wrong with a request: a refusal of the server with its code and sentence, or no server at all. */
export class ApiError extends Error {
  override name = 'ApiError';
  /** 0 when nothing was reached. */
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  /** Field name → what is wrong with it. */
  readonly fields: Readonly<Record<string, string>>;
  /** better-auth's own code, where one came along. */
  readonly reason: string | null;

  constructor(
    status: number,
    code: string,
    message: string,
    more: Partial<Pick<ApiError, 'requestId' | 'fields' | 'reason'>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = more.requestId ?? null;
    this.fields = more.fields ?? {};
    this.reason = more.reason ?? null;
  }

  /** The server, or what it stands on, is away: the same request may succeed in a moment. */
  get isOutage(): boolean {
    return this.status === 0 || this.code === 'dependency_unavailable';
  }
}

interface ErrorBody {
  error?: { code?: string | null; message?: string; details?: { fields?: Record<string, string>; reason?: string } };
  requestId?: string;
}

/** Reads either error shape (control plane, or OpenAI's of the data plane); never fails. */
export async function readError(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as ErrorBody;
  const { code, message, details } = body.error ?? {};
  return new ApiError(
    response.status,
    code ?? (response.status >= 502 ? 'dependency_unavailable' : 'internal_error'),
    message ?? `The server answered ${response.status} without saying why.`,
    {
      requestId: body.requestId ?? response.headers.get('x-request-id'),
      ...(details?.fields ? { fields: details.fields } : {}),
      ...(details?.reason ? { reason: details.reason } : {}),
    },
  );
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(0, 'unreachable', 'The server cannot be reached. Check your connection.');
}
