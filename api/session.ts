/**
 * Who is calling: a signed-in user by better-auth's cookie, or an API key by its Authorization header.
 * better-auth keeps users, sessions and organizations in our Postgres; its own routes are served by
 * auth-routes.ts.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { betterAuth } from 'better-auth';
import { fromNodeHeaders } from 'better-auth/node';
import { organization } from 'better-auth/plugins/organization';
import type { IncomingMessage } from 'node:http';
import type { Pool } from 'pg';
import { findLiveApiKey, touchApiKey } from '../db/api-keys.ts';
import type { Db } from '../db/client.ts';
import { actingOwner, ensurePersonalOrganization } from '../db/owners.ts';
import { UserError } from '../domain/errors.ts';
import type { Logger } from '../log.ts';
import type { Principal } from './policies.ts';

/** Carries the client's address to better-auth; set by auth-routes.ts, and removed from what a client sends. */
export const CLIENT_IP_HEADER = 'x-hypervize-client-ip';

export interface AuthOptions {
  pool: Pool;
  db: Db;
  logger: Logger;
  publicUrl: string;
  trustedOrigins: readonly string[];
  secret: string;
}

/** better-auth turns every failure into a plain 500; the cause of it is kept here for the request at hand. */
export const authFailure = new AsyncLocalStorage<{ cause: unknown }>();

export type Auth = ReturnType<typeof createAuth>;

export function createAuth(options: AuthOptions) {
  const { db, logger } = options;
  const { origin, protocol } = new URL(options.publicUrl);
  return betterAuth({
    appName: 'Hypervize',
    baseURL: origin,
    basePath: '/api/auth',
    secret: options.secret,
    database: options.pool,
    trustedOrigins: [...options.trustedOrigins],
    emailAndPassword: { enabled: true, minPasswordLength: 8, maxPasswordLength: 128, autoSignIn: true },
    plugins: [organization({ disableOrganizationDeletion: true, organizationLimit: 20, membershipLimit: 100 })],
    advanced: {
      cookiePrefix: 'hypervize',
      useSecureCookies: protocol === 'https:',
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax' },
      ipAddress: { ipAddressHeaders: [CLIENT_IP_HEADER] },
    },
    rateLimit: {
      enabled: true,
      storage: 'database',
      window: 60,
      max: 600,
      customRules: {
        '/sign-in/*': { window: 60, max: 10 },
        '/sign-up/*': { window: 60, max: 20 },
        // Asked by every page; it gives nothing away that could be guessed.
        '/get-session': false,
      },
    },
    databaseHooks: {
      user: {
        create: {
          after: async (user) => {
            // Should this fail, the organization is made on first use; the sign-up itself must not fail.
            await ensurePersonalOrganization(db, user).catch((err: unknown) => {
              logger.warn({ err, userId: user.id }, 'personal organization will be made on first use');
            });
          },
        },
      },
    },
    onAPIError: {
      onError: (error) => {
        const store = authFailure.getStore();
        if (store) store.cause = error;
      },
    },
    telemetry: { enabled: false },
    logger: {
      level: 'warn',
      log: (level, message) => logger[level === 'error' ? 'error' : 'warn']({ part: 'auth' }, message),
    },
  });
}

/** Finds who is calling. @throws UserError `unauthenticated` or `invalid_api_key` */
export function createAuthenticator(auth: Auth, db: Db, logger: Logger): (req: IncomingMessage) => Promise<Principal> {
  return async (req) => {
    const { authorization } = req.headers;
    if (authorization !== undefined) return keyPrincipal(db, logger, authorization);
    const session = await readSession(auth, req);
    if (!session)
      throw new UserError('unauthenticated', 'Sign in, or send an API key as "Authorization: Bearer hvz_…".');
    const { user } = session;
    const ownerId = await actingOwner(db, user, session.activeOrganizationId);
    return { kind: 'user', userId: user.id, email: user.email, name: user.name, ownerId };
  };
}

async function keyPrincipal(db: Db, logger: Logger, authorization: string): Promise<Principal> {
  const key = /^Bearer (\S+)$/i.exec(authorization)?.[1];
  const record = key ? await findLiveApiKey(db, key) : null;
  // One answer for every cause, so that nothing can be learnt by trying.
  if (!record)
    throw new UserError(
      'invalid_api_key',
      'This API key is not valid. Create one in the dashboard or by POST /api/keys.',
    );
  touchApiKey(db, record, new Date()).catch((err: unknown) => logger.debug({ err }, 'key use was not recorded'));
  return { kind: 'key', keyId: record.id, ownerId: record.ownerId, scopes: record.scopes };
}

export interface SessionUser {
  user: { id: string; email: string; name: string };
  activeOrganizationId: string | null;
}

/** The session of the cookie, or null; the token in it goes no further. @throws what Postgres throws */
export async function readSession(auth: Auth, req: IncomingMessage): Promise<SessionUser | null> {
  if (!req.headers.cookie) return null;
  const found = await auth.api.getSession({ headers: fromNodeHeaders(req.headers) });
  if (!found) return null;
  const { id, email, name } = found.user;
  return { user: { id, email, name }, activeOrganizationId: found.session.activeOrganizationId ?? null };
}
