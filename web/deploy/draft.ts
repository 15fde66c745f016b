/** What somebody is about to deploy, as typed; kept while the tab lives, except for what is secret. */
import { useEffect, useState } from 'react';
import { DEFAULT_IDLE_TIMEOUT_SECONDS, DEFAULT_TARGET_CONCURRENCY } from '../../domain/endpoint.ts';
import type { ProvisionRequest } from '../client/types.ts';

export interface Draft {
  model: string;
  name: string;
  revision: string;
  sleeps: boolean;
  minNodes: number;
  maxNodes: number;
  idleTimeoutSeconds: number;
  provider: NonNullable<ProvisionRequest['provider']>;
  /** A tier by its id; null lets the server choose. */
  tier: string | null;
  contextLength: number | null;
  targetConcurrency: number;
  /** One argument a line. */
  runtimeArgs: string;
  customDomain: string;
  otlpEndpoint: string;
  /** Secret: not kept. */
  huggingFaceToken: string;
  /** Secret: not kept. `NAME=value`, one a line. */
  env: string;
  /** Secret: not kept. `name: value`, one a line. */
  otlpHeaders: string;
}

export const EMPTY_DRAFT: Draft = {
  model: '',
  name: '',
  revision: '',
  sleeps: true,
  minNodes: 1,
  maxNodes: 1,
  idleTimeoutSeconds: DEFAULT_IDLE_TIMEOUT_SECONDS,
  provider: 'auto',
  tier: null,
  contextLength: null,
  targetConcurrency: DEFAULT_TARGET_CONCURRENCY,
  runtimeArgs: '',
  customDomain: '',
  otlpEndpoint: '',
  huggingFaceToken: '',
  env: '',
  otlpHeaders: '',
};

const STORAGE_KEY = 'hypervize-deploy-draft';

export function useDraft() {
  const [draft, setDraft] = useState<Draft>(readStored);
  useEffect(() => {
    const kept = { ...draft, huggingFaceToken: '', env: '', otlpHeaders: '' };
    try {
      sessionStorage.setItem(STORAGE_KEY, JSON.stringify(kept));
    } catch {
      // Then it lives as long as the page.
    }
  }, [draft]);
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  return { draft, change };
}

export function forgetDraft(): void {
  sessionStorage.removeItem(STORAGE_KEY);
}

function readStored(): Draft {
  try {
    return { ...EMPTY_DRAFT, ...(JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? '{}') as Partial<Draft>) };
  } catch {
    return EMPTY_DRAFT;
  }
}

/** The request that the draft means; what was left empty is left out, so that the server's defaults hold. */
export function provisionRequest(draft: Draft): ProvisionRequest {
  const env = pairs(draft.env, '=');
  const headers = pairs(draft.otlpHeaders, ':');
  const runtimeArgs = lines(draft.runtimeArgs);
  return {
    model: draft.model.trim(),
    minNodes: draft.sleeps ? 0 : draft.minNodes,
    maxNodes: draft.maxNodes,
    targetConcurrency: draft.targetConcurrency,
    ...(draft.provider === 'auto' ? {} : { provider: draft.provider }),
    ...(draft.tier === null ? {} : { tier: draft.tier }),
    ...(draft.sleeps ? { idleTimeoutSeconds: draft.idleTimeoutSeconds } : {}),
    ...(draft.name.trim() ? { name: draft.name.trim() } : {}),
    ...(draft.revision.trim() ? { revision: draft.revision.trim() } : {}),
    ...(draft.contextLength === null ? {} : { contextLength: draft.contextLength }),
    ...(runtimeArgs.length > 0 ? { runtimeArgs } : {}),
    ...(draft.customDomain.trim() ? { customDomain: draft.customDomain.trim() } : {}),
    ...(draft.huggingFaceToken.trim() ? { huggingFaceToken: draft.huggingFaceToken.trim() } : {}),
    ...(Object.keys(env).length > 0 ? { env } : {}),
    ...(draft.otlpEndpoint.trim()
      ? {
          telemetry: {
            otlpEndpoint: draft.otlpEndpoint.trim(),
            ...(Object.keys(headers).length > 0 ? { headers } : {}),
          },
        }
      : {}),
  };
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

function pairs(text: string, separator: string): Record<string, string> {
  return Object.fromEntries(
    lines(text).map((line) => {
      const at = line.indexOf(separator);
      return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}

/** The problem of a field or of anything within it: `env` takes `env.FOO`, with the name said. */
export function problemOf(fields: Readonly<Record<string, string>>, name: string): string | undefined {
  const inner = Object.entries(fields).filter(([field]) => field === name || field.startsWith(`${name}.`));
  if (inner.length === 0) return undefined;
  return inner
    .map(([field, problem]) => (field === name ? sentence(problem) : `${field.slice(name.length + 1)}: ${problem}`))
    .join(' ');
}

function sentence(problem: string): string {
  return `${problem.slice(0, 1).toUpperCase()}${problem.slice(1)}${/[.!?]$/.test(problem) ? '' : '.'}`;
}
