/** POST /api/quote: what an endpoint would run on, what it would cost, and where every number comes from. */
import { z } from 'zod';
import { ProvisionRequest } from './provision.ts';

/** The same body, so that a quote can be sent on as it is. */
export const QuoteRequest = ProvisionRequest;

const confidence = z.enum(['high', 'medium', 'low', 'unknown']);
const usd = z.number().nullable();
const bytes = z.number();

const MemoryPerGpu = z.strictObject({
  weightsBytes: bytes,
  kvCacheBytes: bytes,
  activationBytes: bytes,
  cudaContextBytes: bytes,
  ncclBytes: bytes,
  graphBytes: bytes,
  usableMemoryBytes: bytes,
});

const Memory = z.strictObject({
  weightsBytes: bytes,
  kvCacheBytes: bytes,
  overheadBytes: bytes,
  requiredBytes: bytes,
  usableBytes: bytes,
  marginBytesPerGpu: bytes.nullable(),
  perGpu: MemoryPerGpu.nullable().meta({ description: 'Null on a machine without GPUs.' }),
});

const QuotedNumber = z.strictObject({
  name: z.enum(['weights', 'kvCache', 'overhead', 'usableMemory', 'contextLength', 'volume', 'price']),
  value: z.number().nullable(),
  unit: z.enum(['bytes', 'tokens', 'GiB', 'USD/h']),
  source: z.string(),
  confidence,
});

const Alternative = z.strictObject({
  tier: z.string(),
  title: z.string(),
  tensorParallel: z.int(),
  marginBytesPerGpu: bytes.meta({ description: 'What stays free on each GPU beyond the workload.' }),
  usdPerHour: usd,
  priceSource: z.string(),
  priceDate: z.string().nullable(),
});

const Price = z.strictObject({
  currency: z.literal('USD'),
  usdPerHour: usd.meta({ description: 'Of one node; null when it is not known.' }),
  usdPerHourMin: usd.meta({ description: 'With `minNodes`.' }),
  usdPerHourMax: usd.meta({ description: 'With `maxNodes`.' }),
  usdPerMonthMin: usd,
  usdPerMonthMax: usd,
  hoursPerMonth: z.int(),
  source: z.string(),
  date: z.string().nullable(),
  limitUsdPerHour: usd.meta({ description: 'Above this an owner must say `acceptPrice`; null for no limit.' }),
  needsAcceptance: z.boolean(),
});

export const Quote = z
  .strictObject({
    model: z.string(),
    revision: z.string().nullable().meta({ description: 'The commit that was sized; null when it is not known.' }),
    deployable: z.boolean().meta({ description: 'Whether this installation could carry it out.' }),
    notDeployableReason: z.string().nullable(),
    tier: z.string(),
    tierTitle: z.string(),
    provider: z.enum(['local', 'aws', 'gcp']),
    instanceTypes: z.array(z.string()).meta({ description: 'In the order in which they are tried.' }),
    tensorParallel: z.int(),
    source: z.enum(['metadata', 'name-hint', 'builtin']).meta({ description: 'What the size of the model rests on.' }),
    confidence,
    gated: z.boolean().meta({ description: 'Whether its files are for accounts with access only.' }),
    workload: z
      .strictObject({ contextLength: z.int(), sequences: z.int() })
      .nullable()
      .meta({ description: 'What the tier was chosen for.' }),
    contextLength: z.int().meta({ description: 'Tokens per sequence that the runtime is started with.' }),
    memory: Memory,
    volumeGiB: z.number(),
    runtimeFlags: z.array(z.string()),
    price: Price,
    alternatives: z.array(Alternative),
    reasons: z.array(z.string()),
    warnings: z.array(z.string()),
    numbers: z.array(QuotedNumber).meta({ description: 'Where each number comes from, and how sure it is.' }),
  })
  .meta({ id: 'Quote' });
export type Quote = z.infer<typeof Quote>;
