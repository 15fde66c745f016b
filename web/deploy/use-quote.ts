/**
 * What the draft would run on and cost, asked anew whenever it changes. One question at a time: a newer one
 * cancels the one before. Nothing that is answered here keeps anybody from deploying.
 */
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Quote } from '../../api/contract.ts';
import { isModelId } from '../../domain/model-id.ts';
import type { ApiError } from '../client/api-error.ts';
import { request } from '../client/request.ts';
import type { ProvisionRequest } from '../client/types.ts';
import { type Draft, provisionRequest } from './draft.ts';

export type { Quote } from '../../api/contract.ts';

const DEBOUNCE_MS = 350;
const FRESH_MS = 60_000;
const HUB_RETRY_MS = 15_000;

export interface QuoteState {
  /** Of the model as it stands in the draft; perhaps of a moment ago, see `isStale`. */
  quote: Quote | null;
  error: ApiError | null;
  /** Being asked while nothing can be shown yet. */
  isLoading: boolean;
  /** The draft has changed since this was answered. */
  isStale: boolean;
  askAgain: () => void;
}

export function useQuote(draft: Draft): QuoteState {
  const text = JSON.stringify(quoteRequest(draft));
  const [asked] = useDebouncedValue(text, DEBOUNCE_MS);
  const model = draft.model.trim();
  const isAskable = isModelId(model);
  const query = useQuery<Quote, ApiError>({
    queryKey: ['quote', asked],
    enabled: isAskable && isModelId(modelOf(asked)),
    queryFn: ({ signal }) =>
      request<Quote>('/api/quote', { method: 'POST', body: JSON.parse(asked) as ProvisionRequest, signal }),
    staleTime: FRESH_MS,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.error?.code === 'hub_unavailable' ? HUB_RETRY_MS : false),
  });
  // What was said of another model would be taken for this one's.
  const isOfThisModel = isAskable && modelOf(asked) === model;
  const quote = isOfThisModel && query.data?.model === model ? query.data : null;
  const error = isOfThisModel ? query.error : null;
  const isStale = isAskable && (asked !== text || query.isPlaceholderData);
  return {
    quote: error ? null : quote,
    error,
    isLoading: isAskable && !quote && !error,
    isStale,
    askAgain: () => void query.refetch(),
  };
}

function modelOf(body: string): string {
  return (JSON.parse(body) as ProvisionRequest).model;
}

/** Only what size and price depend on: the secrets among the rest have no business here. */
function quoteRequest(draft: Draft): ProvisionRequest {
  const all = provisionRequest(draft);
  return {
    model: all.model,
    minNodes: all.minNodes,
    maxNodes: all.maxNodes,
    ...(all.targetConcurrency === undefined ? {} : { targetConcurrency: all.targetConcurrency }),
    ...(all.provider === undefined ? {} : { provider: all.provider }),
    ...(all.tier === undefined ? {} : { tier: all.tier }),
    ...(all.revision === undefined ? {} : { revision: all.revision }),
    ...(all.contextLength === undefined ? {} : { contextLength: all.contextLength }),
    // A model may be shown to whoever has this one only.
    ...(all.huggingFaceToken === undefined ? {} : { huggingFaceToken: all.huggingFaceToken }),
  };
}
