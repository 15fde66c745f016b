/**
 * A chat request that never throws and remembers how the answer came: status, code, text, whether it ended
 * cleanly, when the first byte and the first token arrived, which comments came in between.
 */
export interface ChatOptions {
  stream?: boolean;
  maxTokens?: number;
  /** Pause between tokens that the scripted runtime makes, in ms. */
  tokenMs?: number;
  headers?: Record<string, string>;
  /** Bearer key; null sends none. */
  key?: string | null;
  signal?: AbortSignal;
  /** `/chat/completions` or `/v1/chat/completions`. */
  path?: string;
  /** More fields of the body. */
  body?: Record<string, unknown>;
  /** Called with each token as it comes. */
  onToken?: (text: string, count: number) => void;
}

export interface ChatAnswer {
  /** 0 when no answer came at all. */
  status: number;
  headers: Headers;
  /** Error code, from the body of a refusal or from an error event in a stream. */
  code: string | null;
  content: string;
  tokens: number;
  /** A stream ended with `[DONE]`, or a JSON body was complete. */
  isComplete: boolean;
  /** The line broke, or the call was aborted. */
  failure: string | null;
  comments: string[];
  raw: string;
  firstTokenMs: number | null;
  totalMs: number;
}

export async function chat(endpointUrl: string, options: ChatOptions = {}): Promise<ChatAnswer> {
  const startedMs = performance.now();
  const answer: ChatAnswer = {
    status: 0,
    headers: new Headers(),
    code: null,
    content: '',
    tokens: 0,
    isComplete: false,
    failure: null,
    comments: [],
    raw: '',
    firstTokenMs: null,
    totalMs: 0,
  };
  try {
    const response = await fetch(endpointUrl + (options.path ?? '/chat/completions'), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(options.key ? { authorization: `Bearer ${options.key}` } : {}),
        ...options.headers,
      },
      body: JSON.stringify({
        model: 'any',
        messages: [{ role: 'user', content: 'Say hi' }],
        max_tokens: options.maxTokens ?? 4,
        ...(options.stream ? { stream: true } : {}),
        ...(options.tokenMs === undefined ? {} : { seed: options.tokenMs }),
        ...options.body,
      }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    answer.status = response.status;
    answer.headers = response.headers;
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
    await (isStream ? readStream(response, answer, startedMs, options) : readJson(response, answer));
  } catch (error) {
    answer.failure =
      error instanceof Error
        ? `${error.name}: ${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`.trim()
        : String(error);
  }
  answer.totalMs = performance.now() - startedMs;
  return answer;
}

interface CompletionBody {
  error?: { code?: string | number | null };
  choices?: { message?: { content?: string | null }; delta?: { content?: string | null } }[];
}

async function readJson(response: Response, answer: ChatAnswer): Promise<void> {
  answer.raw = await response.text();
  const body = JSON.parse(answer.raw) as CompletionBody;
  answer.code = body.error?.code == null ? null : String(body.error.code);
  answer.content = body.choices?.[0]?.message?.content ?? '';
  answer.isComplete = response.status === 200;
}

async function readStream(
  response: Response,
  answer: ChatAnswer,
  startedMs: number,
  options: ChatOptions,
): Promise<void> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of response.body ?? []) {
    const text = decoder.decode(chunk as Uint8Array, { stream: true });
    answer.raw += text;
    pending += text;
    const lines = pending.split(/\r?\n/);
    pending = lines.pop() ?? '';
    for (const line of lines) readLine(line, answer, startedMs, options);
  }
}

function readLine(line: string, answer: ChatAnswer, startedMs: number, options: ChatOptions): void {
  if (line.startsWith(':')) answer.comments.push(line);
  if (!line.startsWith('data:')) return;
  const data = line.slice(5).trim();
  if (data === '[DONE]') {
    answer.isComplete = answer.code === null;
    return;
  }
  const event = JSON.parse(data) as CompletionBody;
  if (event.error) answer.code = event.error.code == null ? 'unnamed' : String(event.error.code);
  const token = event.choices?.[0]?.delta?.content;
  if (!token) return;
  answer.firstTokenMs ??= performance.now() - startedMs;
  answer.content += token;
  answer.tokens += 1;
  options.onToken?.(token, answer.tokens);
}

/** One line that says what came back, for messages. */
export function describeChat(answer: ChatAnswer): string {
  return `${answer.status} ${answer.code ?? ''} ${answer.failure ?? ''} complete=${answer.isComplete} tokens=${answer.tokens} in ${Math.round(answer.totalMs)} ms`;
}
