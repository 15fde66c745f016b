/**
 * One streamed completion: same origin, with the session cookie. While the endpoint sleeps the server first
 * keeps silent for some seconds, then sends comments until the model answers; both end in the answer.
 */
import { ApiError, asApiError, readError } from '../client/api-error.ts';
import { readEventStream } from '../client/event-stream.ts';

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface Waiting {
  stage: string | null;
  elapsedSeconds: number;
  etaSeconds: number | null;
}

export interface ChatRequest {
  endpointId: string;
  model: string;
  messages: readonly ChatMessage[];
  temperature: number;
  maxTokens: number;
  signal: AbortSignal;
  onText: (text: string) => void;
  onWaiting: (waiting: Waiting) => void;
}

export interface ChatResult {
  /** Tokens of the answer as the runtime counts them; null when it did not say. */
  completionTokens: number | null;
  finishReason: string | null;
}

interface Chunk {
  choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[];
  usage?: { completion_tokens?: number } | null;
  error?: { code?: string; message?: string };
}

/** @throws ApiError, or the AbortError of the signal */
export async function streamChat(chat: ChatRequest): Promise<ChatResult> {
  const result: ChatResult = { completionTokens: null, finishReason: null };
  let isDone = false;
  try {
    const response = await fetch(`/api/d/${chat.endpointId}/chat/completions`, {
      method: 'POST',
      credentials: 'same-origin',
      signal: chat.signal,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: chat.model,
        messages: chat.messages,
        temperature: chat.temperature,
        max_tokens: chat.maxTokens,
        stream: true,
        stream_options: { include_usage: true },
      }),
    });
    if (!response.ok) throw await readError(response);
    await readEventStream(response, {
      onComment(comment) {
        const waiting = parseWaiting(comment);
        if (waiting) chat.onWaiting(waiting);
      },
      onEvent({ data }) {
        if (data === '[DONE]') {
          isDone = true;
          return;
        }
        const chunk = JSON.parse(data) as Chunk;
        if (chunk.error)
          throw new ApiError(
            503,
            chunk.error.code ?? 'internal_error',
            chunk.error.message ?? 'It failed without saying why.',
          );
        const choice = chunk.choices?.[0];
        if (choice?.delta?.content) chat.onText(choice.delta.content);
        if (choice?.finish_reason) result.finishReason = choice.finish_reason;
        if (chunk.usage?.completion_tokens !== undefined) result.completionTokens = chunk.usage.completion_tokens;
      },
    });
  } catch (error) {
    if (chat.signal.aborted) throw error;
    throw asApiError(error);
  }
  if (!isDone) throw new ApiError(502, 'upstream_interrupted', 'The answer was cut off before its end. Send it again.');
  return result;
}

/** `waking stage=loading elapsed=23 eta=41`; null for comments that only keep the connection. */
export function parseWaiting(comment: string): Waiting | null {
  if (!/^\s*(waking|building)\b/.test(comment)) return null;
  const value = (name: string) => new RegExp(`\\b${name}=(\\S+)`).exec(comment)?.[1] ?? null;
  const eta = value('eta');
  return {
    stage: value('stage'),
    elapsedSeconds: Number(value('elapsed') ?? 0),
    etaSeconds: eta === null ? null : Number(eta),
  };
}
