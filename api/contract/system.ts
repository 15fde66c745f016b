/** Who I am, the tiers, and how the process is. */
import { z } from 'zod';

export const Me = z
  .strictObject({
    user: z.strictObject({ id: z.string(), email: z.string(), name: z.string() }),
    organizations: z.array(z.strictObject({ id: z.string(), name: z.string(), role: z.string(), active: z.boolean() })),
  })
  .meta({ id: 'Me' });

export const TierList = z
  .strictObject({
    items: z.array(
      z.strictObject({
        id: z.string(),
        title: z.string(),
        provider: z.enum(['local', 'aws', 'gcp']),
        gpuName: z.string().nullable(),
        gpuCount: z.int(),
        usableMemoryGiBPerGpu: z
          .number()
          .nullable()
          .meta({ description: "Null when it is this machine's own memory." }),
        usdPerHour: z.number().nullable().meta({ description: 'Null when it is not known.' }),
        priceSource: z.string(),
        priceDate: z.string().nullable().meta({ description: 'When that price was true; null when it is not told.' }),
        available: z.boolean().meta({ description: 'Whether this installation can deploy to it.' }),
      }),
    ),
  })
  .meta({ id: 'TierList' });

export const Installation = z
  .strictObject({
    version: z.string(),
    temporal: z
      .strictObject({ uiUrl: z.string(), namespace: z.string() })
      .nullable()
      .meta({ description: 'Where operators watch lifecycles; null when it is not known.' }),
  })
  .meta({ id: 'Installation' });
export type Installation = z.infer<typeof Installation>;

export const Health = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Health' });

const Check = z.strictObject({ ok: z.boolean() });
export const Readiness = z
  .strictObject({
    status: z.enum(['ok', 'degraded', 'unavailable']),
    checks: z.strictObject({
      postgres: Check,
      temporal: Check,
      routes: z.strictObject({ ok: z.boolean(), ageSeconds: z.number().nullable() }),
    }),
  })
  .meta({ id: 'Readiness' });
export type Readiness = z.infer<typeof Readiness>;
