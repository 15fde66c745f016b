import { defineSearchAttributeKey } from '@temporalio/common';

/** What the Web UI can filter endpoint lifecycles by. All Keyword. */
export const SEARCH_ATTRIBUTE_NAMES = ['EndpointStatus', 'OwnerHash', 'ModelId', 'Tier', 'Provider'] as const;

export const endpointStatusAttribute = defineSearchAttributeKey('EndpointStatus', 'KEYWORD');
export const ownerHashAttribute = defineSearchAttributeKey('OwnerHash', 'KEYWORD');
export const modelIdAttribute = defineSearchAttributeKey('ModelId', 'KEYWORD');
export const tierAttribute = defineSearchAttributeKey('Tier', 'KEYWORD');
export const providerAttribute = defineSearchAttributeKey('Provider', 'KEYWORD');
