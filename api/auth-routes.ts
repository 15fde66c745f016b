/**
 * Serves better-auth's routes (/api/auth/*: sign-up, sign-in, sign-out, session, organizations), and makes
 * them behave like the rest: same guards, same error shape, and no session token in any body (the cookie
 * carries it, out of reach of scripts).
 */
import { isIP } from 'node:net';
import { types } from 'node:util';
import { fromNodeHeaders } from 'better-auth/node';
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { type ErrorCode, UserError } from '../domain/errors.ts';
import { guardOrigin } from './origin-guard.ts';
import { readJsonBytes } from './request-body.ts';
import { type Auth, CLIENT_IP_HEADER, authFailure } from './session.ts';

export interface AuthRoutesOptions {
  auth: Auth;
  publicUrl: string;
  trustedOrigins: ReadonlySet<string>;
  /** Written by a reverse proxy of ours; null when there is none. */
  clientIpHeader: string | null;
}

export function createAuthRoutes(options: AuthRoutesOptions): RequestHandler {
  const { origin } = new URL(options.publicUrl);
  return async (req, res) => {
    guardOrigin(req, options.trustedOrigins);
    const body = req.method === 'GET' || req.method === 'HEAD' ? undefined : await readJsonBytes(req, res);
    const headers = fromNodeHeaders(req.headers);
    headers.set(CLIENT_IP_HEADER, clientIp(req, options.clientIpHeader));
    const request = new Request(`${origin}${req.originalUrl}`, {
      method: req.method,
      headers,
      ...(body ? { body } : {}),
    });
    const failure: { cause: unknown } = { cause: undefined };
    const response = await authFailure.run(failure, () => options.auth.handler(request));
    if (response.status >= 400) throw await asUserError(response, failure.cause);
    await relay(res, response);
  };
}

/** The address that limits are counted by. Without a reverse proxy of ours only the socket can be believed. */
function clientIp(req: Request, header: string | null): string {
  const value = header ? req.headers[header] : undefined;
  return typeof value === 'string' && isIP(value) ? value : (req.socket.remoteAddress ?? '');
}

async function relay(res: Response, response: globalThis.Response): Promise<void> {
  res.status(response.status);
  response.headers.forEach((value, name) => {
    if (name !== 'set-cookie' && name !== 'content-length') res.setHeader(name, value);
  });
  for (const cookie of response.headers.getSetCookie()) res.append('set-cookie', cookie);
  res.setHeader('cache-control', 'no-store');
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') && text !== '';
  res.end(isJson ? JSON.stringify(withoutTokens(JSON.parse(text))) : text);
}

function withoutTokens(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTokens);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'token')
      .map(([name, inner]) => [name, withoutTokens(inner)]),
  );
}

const Problem = z.object({ code: z.string().optional(), message: z.string().optional() });

const ORIGIN_PROBLEMS = new Set(['INVALID_ORIGIN', 'MISSING_OR_NULL_ORIGIN', 'CROSS_SITE_NAVIGATION_LOGIN_BLOCKED']);

/** Says better-auth's refusal in our words; its own code goes along as `details.reason`. */
async function asUserError(response: globalThis.Response, cause: unknown): Promise<Error> {
  const { status } = response;
  // The cause knows whether it was an outage; see error-handler.ts.
  if (status >= 500)
    return types.isNativeError(cause)
      ? cause
      : new UserError('internal_error', 'Signing in does not work at the moment.');
  const parsed = Problem.safeParse(await response.json().catch(() => null));
  const problem = parsed.success ? parsed.data : {};
  const details = problem.code ? { reason: problem.code.toLowerCase() } : undefined;
  if (status === 429) {
    const seconds = Math.min(Math.max(Number(response.headers.get('x-retry-after')) || 1, 1), 60);
    return new UserError('rate_limit_exceeded', `Too many attempts. Wait ${seconds} s and try again.`, {
      headers: { 'retry-after': String(seconds) },
    });
  }
  return new UserError(
    codeFor(status, problem.code),
    problem.message ?? 'This could not be done.',
    details ? { details } : {},
  );
}

function codeFor(status: number, problem: string | undefined): ErrorCode {
  if (status === 401) return 'unauthenticated';
  if (status === 403) return problem && ORIGIN_PROBLEMS.has(problem) ? 'origin_not_allowed' : 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 415) return 'unsupported_media_type';
  return 'invalid_request';
}
