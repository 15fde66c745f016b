/** The timeline and the runtime's last output. */
import { z } from 'zod';
import { Timestamp, listOf, pageQuery } from './common.ts';

export const EventDocument = z
  .strictObject({
    seq: z.int(),
    at: Timestamp,
    type: z.enum(['transition', 'stage', 'attempt', 'command', 'node', 'mail']),
    actor: z.string(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    stage: z.string().nullable(),
    reason: z.string().nullable(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).nullable(),
    runId: z.string().nullable(),
  })
  .meta({ id: 'Event' });
export type EventDocument = z.infer<typeof EventDocument>;

export const EventList = listOf(EventDocument);
export const EventListQuery = pageQuery(1000, 100);
export const EventStreamHeaders = z.object({
  'last-event-id': z
    .string()
    .regex(/^\d{1,15}$/, 'must be the id of an event')
    .optional()
    .meta({ description: 'With `Accept: text/event-stream`: go on after this event.' }),
});

export const LogLines = z.strictObject({ items: z.array(z.string()) }).meta({ id: 'LogLines' });
export const LogQuery = z.object({
  lines: z.coerce
    .number()
    .int()
    .min(1)
    .default(200)
    .transform((lines) => Math.min(lines, 1000))
    .meta({
      description: 'How many of the last lines, up to 1000.',
      override: { type: 'integer', minimum: 1, maximum: 1000, default: 200 },
    }),
});
