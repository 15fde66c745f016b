/**
 * The contract with clients as zod schemas: requests are validated by them, the OpenAPI document is
 * generated from them, the dashboard takes its types from them. One file per group of routes.
 */
export * from './contract/common.ts';
export * from './contract/endpoint.ts';
export * from './contract/events.ts';
export * from './contract/keys.ts';
export * from './contract/provision.ts';
export * from './contract/quote.ts';
export * from './contract/system.ts';
export * from './contract/usage.ts';
