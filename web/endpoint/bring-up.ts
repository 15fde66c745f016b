/**
 * A bring-up as the timeline tells it: which steps were begun, how long each took. Pure, for the track on the
 * page and for what the playground says while somebody waits.
 */
import type { BringUpStage } from '../../domain/endpoint.ts';
import type { EventDocument } from '../client/types.ts';

/** What the stages look like from outside: five steps, whatever the provider does within each. */
export const STEPS = [
  { label: 'Size', stages: ['sizing'] },
  { label: 'Machine', stages: ['allocating', 'waiting_capacity'] },
  { label: 'Server', stages: ['booting', 'pulling_image'] },
  { label: 'Weights', stages: ['downloading_weights', 'loading'] },
  { label: 'Answer', stages: ['health_check', 'registering'] },
] as const satisfies readonly { label: string; stages: readonly BringUpStage[] }[];

export interface Step {
  label: string;
  state: 'done' | 'current' | 'skipped' | 'waiting';
  seconds: number | null;
}

export interface BringUp {
  startedAtMs: number;
  /** Null while it goes on. */
  endedAtMs: number | null;
  outcome: 'going-on' | 'up' | 'stopped';
  steps: readonly Step[];
}

const STARTS = new Set(['building', 'waking', 'updating']);

/** Before the timeline is read: the same room, nothing in it. */
export const UNKNOWN_STEPS: readonly Step[] = STEPS.map(({ label }) => ({ label, state: 'waiting', seconds: null }));

/** The latest bring-up, or null when none was ever begun. */
export function latestBringUp(events: readonly EventDocument[], nowMs: number): BringUp | null {
  const start = events.findLastIndex(isStart);
  const first = events[start];
  if (!first) return null;
  const later = events.slice(start + 1);
  const end = later.find((event) => event.type === 'transition' && !STARTS.has(event.to ?? ''));
  const endedAtMs = end ? Date.parse(end.at) : null;
  const marks = later
    .filter((event) => event.type === 'stage' && (!end || event.seq < end.seq))
    .map((event) => ({ step: stepOf(event.stage), atMs: Date.parse(event.at) }));
  const current = marks.at(-1)?.step ?? -1;
  const steps = STEPS.map(({ label }, index): Step => {
    const seconds = secondsIn(marks, index, endedAtMs ?? nowMs);
    const isEnded = end !== undefined;
    if (index === current && !isEnded) return { label, state: 'current', seconds };
    if (seconds !== null) return { label, state: 'done', seconds };
    return { label, state: index < current || end?.to === 'up' ? 'skipped' : 'waiting', seconds: null };
  });
  return {
    startedAtMs: Date.parse(first.at),
    endedAtMs,
    outcome: !end ? 'going-on' : end.to === 'up' ? 'up' : 'stopped',
    steps,
  };
}

/** A transition, or the wish that began it all. */
function isStart(event: EventDocument): boolean {
  return (event.type === 'transition' || event.type === 'command') && STARTS.has(event.to ?? '');
}

function stepOf(stage: string | null): number {
  return STEPS.findIndex(({ stages }) => (stages as readonly string[]).includes(stage ?? ''));
}

/** The time spent in a step, over all visits to it: another candidate may go through it again. */
function secondsIn(marks: readonly { step: number; atMs: number }[], step: number, untilMs: number): number | null {
  const visits = marks.flatMap((mark, index) =>
    mark.step === step ? [(marks[index + 1]?.atMs ?? untilMs) - mark.atMs] : [],
  );
  return visits.length === 0 ? null : Math.max(0, visits.reduce((sum, ms) => sum + ms, 0) / 1000);
}
