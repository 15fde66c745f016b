/**
 * Who may call what. Every route declares a policy; a route without one stops the boot (router.ts).
 *   public   anybody
 *   session  a signed-in user, by cookie
 *   read     a session, or a key with scope `read` or `manage`
 *   manage   a session, or a key with scope `manage`
 */
import type { ApiKeyScope } from '../db/api-keys.ts';
import { UserError } from '../domain/errors.ts';

export const AUTH_LEVELS = ['public', 'session', 'read', 'manage'] as const;
export type AuthLevel = (typeof AUTH_LEVELS)[number];

export interface Policy<A extends AuthLevel = AuthLevel> {
  auth: A;
  /** Answers whatever the Host header says: for probes that know only an address. */
  anyHost?: true;
}

export interface UserPrincipal {
  kind: 'user';
  userId: string;
  email: string;
  name: string;
  /** The organization acted for. */
  ownerId: string;
}

export interface KeyPrincipal {
  kind: 'key';
  keyId: string;
  ownerId: string;
  scopes: readonly ApiKeyScope[];
}

export type Principal = UserPrincipal | KeyPrincipal;

/** What a handler is given for each level. */
export type PrincipalFor<A extends AuthLevel> = A extends 'public'
  ? null
  : A extends 'session'
    ? UserPrincipal
    : Principal;

/** How events and records name whoever acted. */
export function actorOf(principal: Principal): string {
  return principal.kind === 'user' ? `user:${principal.userId}` : `key:${principal.keyId}`;
}

/** @throws UserError `forbidden` when this principal may not do this */
export function authorize(level: AuthLevel, principal: Principal): void {
  if (principal.kind === 'user' || level === 'public') return;
  if (level === 'session') {
    throw new UserError('forbidden', 'This is for signed-in users only; an API key cannot do it.');
  }
  const { scopes } = principal;
  if (scopes.includes('manage') || (level === 'read' && scopes.includes('read'))) return;
  throw new UserError('forbidden', `This API key has ${describe(scopes)}; this call needs the scope "${level}".`);
}

function describe(scopes: readonly string[]): string {
  return scopes.length === 1
    ? `the scope "${scopes[0]}"`
    : `the scopes ${scopes.map((scope) => `"${scope}"`).join(' and ')}`;
}
