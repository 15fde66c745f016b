/**
 * Who is calling: an API key, or, for a page of our own and only when no Authorization header is there, a
 * dashboard session. Keys are looked up in memory, so the answer is usually there at once.
 */
import type { IncomingMessage } from 'node:http';
import { type Failure, INVALID_API_KEY, failure } from './failure.ts';
import type { KeyTable } from './key-table.ts';
import { isSameOrigin } from './request-guard.ts';
import type { Route } from './route-table.ts';

export interface Caller {
  ownerIds: readonly string[];
  /** Null for a session. */
  keyId: string | null;
  /** Null: all endpoints of the owners. */
  endpointIds: readonly string[] | null;
}

/** Resolves a dashboard cookie to the organizations of its user; null when there is no valid session. */
export type SessionOwners = (req: IncomingMessage) => Promise<string[] | null>;

export interface Authenticator {
  keys: KeyTable;
  /** Reads a key that is not in the table; never rejects. */
  lookUpKey: (keyId: string) => Promise<void>;
  sessionOwners: SessionOwners;
  origins: ReadonlySet<string>;
  nowMs: () => number;
}

const KEY_LACKS_SCOPE = failure(
  'forbidden',
  'This API key may not run inference. Use a key with the "inference" scope.',
);

export function isCaller(result: Caller | Failure): result is Caller {
  return 'ownerIds' in result;
}

export function authenticate(req: IncomingMessage, by: Authenticator): Caller | Failure | Promise<Caller | Failure> {
  const { authorization } = req.headers;
  if (authorization === undefined) {
    if (req.headers.cookie === undefined || !isSameOrigin(req, by.origins)) return INVALID_API_KEY;
    return authenticateSession(req, by.sessionOwners);
  }
  const unknownId = by.keys.unknownId(authorization);
  if (unknownId === null) return authenticateKey(authorization, by);
  return by.lookUpKey(unknownId).then(() => authenticateKey(authorization, by));
}

function authenticateKey(authorization: string, by: Authenticator): Caller | Failure {
  const key = by.keys.verify(authorization, by.nowMs());
  if (!key) return INVALID_API_KEY;
  if (!key.scopes.includes('inference')) return KEY_LACKS_SCOPE;
  return { ownerIds: [key.ownerId], keyId: key.keyId, endpointIds: key.endpointIds };
}

async function authenticateSession(req: IncomingMessage, sessionOwners: SessionOwners): Promise<Caller | Failure> {
  try {
    const ownerIds = await sessionOwners(req);
    return ownerIds ? { ownerIds, keyId: null, endpointIds: null } : INVALID_API_KEY;
  } catch {
    return failure(
      'dependency_unavailable',
      'Your session cannot be checked at the moment. Try again shortly, or use an API key.',
    );
  }
}

export function mayUse(caller: Caller, route: Route): boolean {
  if (!caller.ownerIds.includes(route.ownerId)) return false;
  return caller.endpointIds === null || caller.endpointIds.includes(route.endpointId);
}
