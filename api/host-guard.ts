/**
 * Refuses requests meant for somebody else: a Host header that is not ours (DNS rebinding), two of them,
 * or a target that is not a plain path. Runs before anything else looks at the request.
 */
import type { RequestHandler } from 'express';
import { UserError } from '../domain/errors.ts';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export interface HostGuardOptions {
  allowedHosts: readonly string[];
  /** Paths that answer under any name. */
  anyHostPaths: ReadonlySet<string>;
}

export function createHostGuard(options: HostGuardOptions): RequestHandler {
  const allowed = new Set(options.allowedHosts);
  return (req, _res, next) => {
    if (!req.url.startsWith('/') || req.url.startsWith('//') || req.url.includes('\\')) {
      throw new UserError('not_found', 'The request target must be a path.');
    }
    if (!METHODS.has(req.method)) {
      throw new UserError('method_not_allowed', `The method ${req.method} is not used here.`, {
        headers: { allow: [...METHODS].join(', ') },
      });
    }
    if (!options.anyHostPaths.has(req.path) && !hasAllowedHost(req.rawHeaders, allowed)) {
      throw new UserError(
        'misdirected_request',
        'This server does not answer to that Host. Add it to ALLOWED_HOSTS if it should.',
      );
    }
    next();
  };
}

function hasAllowedHost(rawHeaders: readonly string[], allowed: ReadonlySet<string>): boolean {
  const hosts = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host');
  return hosts.length === 1 && allowed.has((hosts[0] ?? '').toLowerCase());
}
