/**
 * The control plane as an HTTP application: guards first, then sign-in, the declared routes, and the one
 * error handler. The data plane stands before it (server.ts). Everything it needs is handed in, so that
 * tests build the same one.
 */
import express, { type Express } from 'express';
import helmet from 'helmet';
import { createAccessLog } from './access-log.ts';
import { createAuthRoutes } from './auth-routes.ts';
import { createDashboard } from './dashboard.ts';
import type { AppDeps } from './deps.ts';
import { createErrorHandler, notFoundHandler } from './error-handler.ts';
import { createHostGuard } from './host-guard.ts';
import { trustedOrigins } from './origin-guard.ts';
import { assignRequestId } from './request-id.ts';
import type { Route } from './route.ts';
import { assertNothingUndeclared, createRouter } from './router.ts';
import { allRoutes } from './routes/index.ts';
import { createAuthenticator } from './session.ts';

/** @throws Error when a route has no policy: such a process must not start */
export function createApp(deps: AppDeps, routes: readonly Route[] = allRoutes(deps)): Express {
  const trusted = new Set(trustedOrigins(deps.publicUrl, deps.allowedHosts));
  const anyHostPaths = new Set<string>(routes.filter((route) => route.policy?.anyHost).map((route) => route.path));
  const declared = createRouter(routes, {
    authenticate: createAuthenticator(deps.auth, deps.db, deps.logger),
    trustedOrigins: trusted,
    ...(deps.checkAnswers ? { checkAnswers: true } : {}),
  });

  const app = express();
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing').enable('strict routing');
  app.set('query parser', 'simple');
  app.use(
    assignRequestId,
    createAccessLog(deps.logger),
    createHostGuard({ allowedHosts: deps.allowedHosts, anyHostPaths }),
  );
  app.use(securityHeaders(deps.publicUrl));
  app.use('/api/auth', createAuthRoutes({ ...deps, trustedOrigins: trusted }));
  app.use(createDashboard());
  app.use(declared);
  app.use(notFoundHandler, createErrorHandler(deps.logger));
  assertNothingUndeclared(app, declared);
  return app;
}

/** Pages may load from here only, run no inline script, and be framed by nobody. No CORS header is ever sent. */
function securityHeaders(publicUrl: string) {
  const isHttps = publicUrl.startsWith('https:');
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: isHttps ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
}
