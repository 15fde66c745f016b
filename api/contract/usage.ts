/** Usage: what ran and what it cost. */
import { z } from 'zod';
import { Timestamp } from './common.ts';

const DAYS_MAX = 366;
const DAYS_MAX_BY_HOUR = 31;
const DAY_MS = 86_400_000;

const time = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-01-31T00:00:00Z' });

export const UsageQuery = z
  .object({
    from: time.optional().meta({ description: '30 days before `to` by default.' }),
    to: time.optional().meta({ description: 'Now by default.' }),
    by: z
      .enum(['hour', 'day'])
      .optional()
      .meta({ description: 'Slices; one item per endpoint for the whole time by default.' }),
  })
  .transform((query) => {
    const to = query.to ? new Date(query.to) : new Date();
    const from = query.from ? new Date(query.from) : new Date(to.getTime() - 30 * DAY_MS);
    return { from, to, by: query.by ?? null };
  })
  .superRefine(({ from, to, by }, context) => {
    const days = (to.getTime() - from.getTime()) / DAY_MS;
    const daysMax = by === 'hour' ? DAYS_MAX_BY_HOUR : DAYS_MAX;
    if (days < 0) context.addIssue({ code: 'custom', path: ['from'], message: 'must not be after to' });
    if (days > daysMax)
      context.addIssue({ code: 'custom', path: ['from'], message: `must be at most ${daysMax} days before to` });
  });

const Amounts = { nodeSeconds: z.number(), costUsd: z.number().nullable() };

export const UsageDocument = z
  .strictObject({
    from: Timestamp,
    to: Timestamp,
    by: z.enum(['hour', 'day']).nullable(),
    currency: z.literal('USD'),
    items: z.array(z.strictObject({ endpointId: z.string(), start: Timestamp.nullable(), ...Amounts })),
    total: z.strictObject(Amounts),
  })
  .meta({ id: 'Usage' });
export type UsageDocument = z.infer<typeof UsageDocument>;
