/** A price above the installation's limit, or one that nobody knows, is said yes to explicitly. */
import { Checkbox } from '@mantine/core';
import { useState } from 'react';
import type { ApiError } from '../client/api-error.ts';
import { usd } from '../parts/format.ts';
import type { Quote } from './use-quote.ts';

export interface Acceptance {
  /** What has to be accepted, in words; null when nothing has. */
  asked: string | null;
  isAccepted: boolean;
  accept: (isAccepted: boolean) => void;
}

/** Holds for the price that was read: another one asks again. */
export function useAcceptance(quote: Quote | null, refusal: ApiError | null): Acceptance {
  const [accepted, setAccepted] = useState<string | null>(null);
  const asked = quote ? askedByQuote(quote) : refusal?.code === 'price_not_accepted' ? UNQUOTED : null;
  return {
    asked,
    isAccepted: asked !== null && accepted === asked,
    accept: (isAccepted) => setAccepted(isAccepted ? asked : null),
  };
}

const UNQUOTED = 'I accept a price above the limit of this installation.';

function askedByQuote({ price, tierTitle, deployable }: Quote): string | null {
  // What cannot be deployed costs nothing.
  if (!price.needsAcceptance || !deployable) return null;
  const limit = price.limitUsdPerHour === null ? '' : ` The limit here is ${usd(price.limitUsdPerHour)} an hour.`;
  return price.usdPerHourMax === null
    ? `I accept a price that nobody knows, on ${tierTitle}.${limit}`
    : `I accept up to ${usd(price.usdPerHourMax)} an hour on ${tierTitle}.${limit}`;
}

export function PriceAcceptance({ acceptance }: { acceptance: Acceptance }) {
  if (acceptance.asked === null) return null;
  return (
    <Checkbox
      label={acceptance.asked}
      checked={acceptance.isAccepted}
      onChange={(event) => acceptance.accept(event.currentTarget.checked)}
    />
  );
}
