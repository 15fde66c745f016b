/** The types of the contract, as the api's own schemas define them. Only types cross this line. */
import type { z } from 'zod';
import type {
  CreateKeyRequest as CreateKeyRequestSchema,
  CreatedKey as CreatedKeySchema,
  Me as MeSchema,
  ProvisionRequest as ProvisionRequestSchema,
  TierList as TierListSchema,
  Installation as InstallationSchema,
} from '../../api/contract.ts';

export type {
  EndpointDocument,
  EventDocument,
  KeyDocument,
  ProvisionResponse,
  UsageDocument,
} from '../../api/contract.ts';
/** What is sent: fields with a default may be left out. */
export type ProvisionRequest = z.input<typeof ProvisionRequestSchema>;
export type CreateKeyRequest = z.input<typeof CreateKeyRequestSchema>;
export type CreatedKey = z.infer<typeof CreatedKeySchema>;
export type Me = z.infer<typeof MeSchema>;
export type Tier = z.infer<typeof TierListSchema>['items'][number];
export type Installation = z.infer<typeof InstallationSchema>;

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}
