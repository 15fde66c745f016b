/** What somebody is told who waits for a model to wake. Pure; the words are those of the product's contract. */
import type { EndpointDocument, EventDocument } from '../client/types.ts';
import { roughly } from '../parts/format.ts';

export interface WakeStep {
  seq: number;
  text: string;
  atMs: number;
}

/** The steps that the timeline tells of since the question was asked. The first is there at once. */
export function wakeSteps(
  status: EndpointDocument['status'],
  askedAtMs: number,
  events: readonly EventDocument[],
): WakeStep[] {
  const first = FIRST[status];
  if (!first) return [];
  const steps: WakeStep[] = [{ seq: 0, text: first, atMs: askedAtMs }];
  for (const event of events) {
    const text = wordsFor(event);
    const atMs = Date.parse(event.at);
    if (text && steps.at(-1)?.text !== text) steps.push({ seq: event.seq, text, atMs });
  }
  return steps;
}

const FIRST: Partial<Record<EndpointDocument['status'], string>> = {
  hibernated: 'Your model is asleep. Waking it now.',
  waking: 'Your model is waking up.',
  building: 'Your model is being built for the first time.',
};

export const READY = 'Ready, answering.';

function wordsFor(event: EventDocument): string | null {
  if (event.type === 'transition' && event.to === 'up') return READY;
  if (
    event.type === 'transition' &&
    (event.to === 'failed' || (event.from === 'waking' && event.to === 'hibernated'))
  ) {
    return event.message;
  }
  if (event.type === 'attempt') return `It could not start there: ${event.message}`;
  if (event.type === 'stage') return stageWords(event.stage);
  return null;
}

export function stageWords(stage: string | null): string | null {
  switch (stage) {
    case 'sizing':
      return 'Choosing the hardware…';
    case 'allocating':
      return 'Getting a machine…';
    case 'waiting_capacity':
      return 'Waiting for a machine to become free…';
    case 'booting':
    case 'pulling_image':
      return 'Starting the server…';
    case 'downloading_weights':
      return 'Downloading weights…';
    case 'loading':
      return 'Loading weights…';
    case 'health_check':
    case 'registering':
      return 'Checking that it answers…';
    default:
      return null;
  }
}

/** "Loading weights (about 40 s left)…" */
export function withEta(text: string, etaSeconds: number | null): string {
  if (etaSeconds === null || etaSeconds <= 0 || !text.endsWith('…')) return text;
  return `${text.slice(0, -1)} (about ${roughly(etaSeconds)} left)…`;
}
