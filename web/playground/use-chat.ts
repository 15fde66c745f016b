/** The conversation of one endpoint: kept in the tab's storage, never on the server. */
import { useEffect, useRef, useState } from 'react';
import { type ApiError, asApiError } from '../client/api-error.ts';
import type { EndpointDocument } from '../client/types.ts';
import { type ChatMessage, type Waiting, streamChat } from './chat.ts';

export interface Parameters {
  system: string;
  temperature: number;
  maxTokens: number;
}

export interface Turn {
  id: number;
  question: string;
  answer: string;
  state: 'waiting' | 'streaming' | 'done' | 'stopped' | 'failed';
  /** How the endpoint was when it was asked; says whether there was a wake to tell of. */
  askedStatus: EndpointDocument['status'];
  askedAtMs: number;
  /** The newest event then; later ones belong to this wait. */
  askedSeq: number;
  waiting: Waiting | null;
  firstTokenAtMs: number | null;
  endedAtMs: number | null;
  tokens: number;
  failure: string | null;
  finishReason: string | null;
}

const DEFAULTS: Parameters = { system: '', temperature: 0.7, maxTokens: 256 };

interface Stored {
  parameters: Parameters;
  draft: string;
  turns: Turn[];
}

export function useChat(endpoint: EndpointDocument, lastSeq: number) {
  const storageKey = `hypervize-chat-${endpoint.id}`;
  const [stored] = useState(() => readStored(storageKey));
  const [parameters, setParameters] = useState(stored.parameters);
  const [draft, setDraft] = useState(stored.draft);
  const [turns, setTurns] = useState(stored.turns);
  const running = useRef<AbortController | null>(null);

  useEffect(() => {
    try {
      sessionStorage.setItem(storageKey, JSON.stringify({ parameters, draft, turns } satisfies Stored));
    } catch {
      // Full or forbidden: then it lives as long as the page.
    }
  }, [storageKey, parameters, draft, turns]);
  useEffect(() => () => running.current?.abort(), []);

  const change = (id: number, part: (turn: Turn) => Partial<Turn>) =>
    setTurns((before) => before.map((turn) => (turn.id === id ? { ...turn, ...part(turn) } : turn)));

  async function ask(question: string): Promise<void> {
    const abort = new AbortController();
    running.current = abort;
    const turn = newTurn(question, endpoint.status, lastSeq);
    const messages = conversation(parameters.system, turns, question);
    setTurns((before) => [...before, turn]);
    try {
      const result = await streamChat({
        endpointId: endpoint.id,
        model: endpoint.model,
        messages,
        temperature: parameters.temperature,
        maxTokens: parameters.maxTokens,
        signal: abort.signal,
        onWaiting: (waiting) => change(turn.id, () => ({ waiting })),
        onText: (text) =>
          change(turn.id, ({ answer, tokens, firstTokenAtMs }) => ({
            state: 'streaming',
            answer: answer + text,
            tokens: tokens + 1,
            firstTokenAtMs: firstTokenAtMs ?? Date.now(),
          })),
      });
      change(turn.id, ({ tokens }) => ({
        state: 'done',
        endedAtMs: Date.now(),
        tokens: result.completionTokens ?? tokens,
        finishReason: result.finishReason,
      }));
    } catch (error) {
      const end = abort.signal.aborted
        ? { state: 'stopped' as const, endedAtMs: Date.now() }
        : { state: 'failed' as const, endedAtMs: Date.now(), failure: plainWords(asApiError(error)) };
      change(turn.id, () => end);
    } finally {
      if (running.current === abort) running.current = null;
    }
  }

  const last = turns.at(-1);
  return {
    parameters,
    setParameters: (part: Partial<Parameters>) => setParameters((before) => ({ ...before, ...part })),
    draft,
    setDraft,
    turns,
    isBusy: last?.state === 'waiting' || last?.state === 'streaming',
    send() {
      const question = draft.trim();
      if (!question || running.current) return;
      setDraft('');
      void ask(question);
    },
    again() {
      const failed = turns.at(-1);
      if (!failed || running.current) return;
      setTurns((before) => before.slice(0, -1));
      void ask(failed.question);
    },
    stop: () => running.current?.abort(),
    clear: () => setTurns([]),
  };
}

export function conversation(system: string, turns: readonly Turn[], question: string): ChatMessage[] {
  return [
    ...(system.trim() ? [{ role: 'system' as const, content: system.trim() }] : []),
    ...turns
      .filter((turn) => turn.answer !== '')
      .flatMap((turn) => [
        { role: 'user' as const, content: turn.question },
        { role: 'assistant' as const, content: turn.answer },
      ]),
    { role: 'user' as const, content: question },
  ];
}

function newTurn(question: string, askedStatus: Turn['askedStatus'], askedSeq: number): Turn {
  return {
    id: Date.now(),
    question,
    answer: '',
    state: 'waiting',
    askedStatus,
    askedAtMs: Date.now(),
    askedSeq,
    waiting: null,
    firstTokenAtMs: null,
    endedAtMs: null,
    tokens: 0,
    failure: null,
    finishReason: null,
  };
}

function plainWords(error: ApiError): string {
  switch (error.code) {
    case 'endpoint_paused':
      return 'The endpoint is paused. Press Resume above, then send again.';
    case 'invalid_api_key':
      return 'Your session has ended. Sign in again; the conversation is kept.';
    default:
      return error.message;
  }
}

/** A page that was closed while an answer came in left it as far as it was. */
function readStored(key: string): Stored {
  try {
    const stored = JSON.parse(sessionStorage.getItem(key) ?? 'null') as Stored | null;
    if (stored) {
      const turns = stored.turns.map((turn) =>
        turn.state === 'waiting' || turn.state === 'streaming'
          ? { ...turn, state: 'stopped' as const, endedAtMs: turn.endedAtMs ?? Date.now() }
          : turn,
      );
      return { ...stored, turns };
    }
  } catch {
    // Not ours any more.
  }
  return { parameters: DEFAULTS, draft: '', turns: [] };
}
