/** API keys. */
import { z } from 'zod';
import { isEndpointId } from '../../domain/endpoint-id.ts';
import { Timestamp, listOf, pageQuery } from './common.ts';

const Scope = z.enum(['inference', 'read', 'manage']);

const unique = (values: readonly string[]) => new Set(values).size === values.length;

export const CreateKeyRequest = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters'),
    scopes: z.array(Scope).min(1).max(3).refine(unique, 'must not repeat'),
    endpointIds: z
      .array(z.string().refine(isEndpointId, 'must be an endpoint id'))
      .min(1)
      .max(100)
      .refine(unique, 'must not repeat')
      .optional()
      .meta({ description: 'Limits the `inference` scope to these endpoints.' }),
    expiresAt: z.iso
      .datetime({ offset: true, error: 'must be a time such as 2026-01-31T00:00:00Z' })
      .refine((time) => Date.parse(time) > Date.now(), 'must be in the future')
      .optional(),
  })
  .refine((body) => !body.endpointIds || body.scopes.every((scope) => scope === 'inference'), {
    path: ['endpointIds'],
    // A key that manages everything would otherwise look limited.
    error: 'goes only with the inference scope alone',
  })
  .meta({ id: 'CreateKeyRequest' });

const keyFields = {
  id: z.string(),
  name: z.string(),
  prefix: z.string().meta({ description: 'How the key starts.', example: 'hvz_a1b2c3d4' }),
  last4: z.string(),
  scopes: z.array(Scope),
  endpointIds: z.array(z.string()).nullable(),
  createdAt: Timestamp,
  expiresAt: Timestamp.nullable(),
  lastUsedAt: Timestamp.nullable(),
};

export const KeyDocument = z.strictObject(keyFields).meta({ id: 'Key' });
export type KeyDocument = z.infer<typeof KeyDocument>;
export const CreatedKey = z
  .strictObject({ ...keyFields, key: z.string().meta({ description: 'The key itself. It is never shown again.' }) })
  .meta({ id: 'CreatedKey' });

export const KeyList = listOf(KeyDocument);
export const KeyListQuery = pageQuery();
export const KeyIdPath = z.object({
  id: z.string().meta({ description: "The key's public id.", example: 'a1b2c3d4' }),
});
