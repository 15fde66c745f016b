/**
 * Makes an Express router of declared routes. Default-deny: a route without a known policy, or one that
 * was mounted beside the declarations, stops the boot.
 */
import express, { type Express, type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import { guardOrigin } from './origin-guard.ts';
import { AUTH_LEVELS, type Principal, authorize } from './policies.ts';
import { readJsonBody } from './request-body.ts';
import { requestIdOf } from './request-id.ts';
import { METHODS, type Route, type RouteAnswer } from './route.ts';
import { parseInput } from './validation.ts';

export interface RouterOptions {
  /** @throws UserError when nobody is authenticated */
  authenticate: (req: Request) => Promise<Principal>;
  trustedOrigins: ReadonlySet<string>;
  /** Tests check every answer against its schema; production trusts its own code. */
  checkAnswers?: boolean;
}

/** What a mutating route without a body schema accepts. */
const NoBody = z.strictObject({}).optional();

/** @throws Error naming the route that has no policy or is declared twice */
export function createRouter(routes: readonly Route[], options: RouterOptions): Router {
  assertDeclared(routes);
  const router = express.Router({ caseSensitive: true, strict: true });
  for (const route of routes) {
    router[route.method](route.path.replaceAll(/\{(\w+)\}/g, ':$1'), (req, res) => handle(route, req, res, options));
  }
  return router;
}

async function handle(route: Route, req: Request, res: Response, options: RouterOptions): Promise<void> {
  let principal: Principal | null = null;
  if (route.policy.auth !== 'public') {
    // Only a cookie can be used by a page behind its user's back; an Authorization header cannot.
    if (req.headers.authorization === undefined) guardOrigin(req, options.trustedOrigins);
    principal = await options.authenticate(req);
    authorize(route.policy.auth, principal);
  }
  let body: unknown;
  if (route.method !== 'get') {
    body = await readJsonBody(req, res);
    if (!route.body) parseInput(NoBody, body, 'body');
    else body ??= {};
  }
  const answer = await route.run({
    principal,
    params: req.params,
    query: req.query,
    headers: req.headers,
    body,
    requestId: requestIdOf(res),
    req,
    res,
  });
  if (options.checkAnswers) checkAnswer(route, answer);
  send(route, res, answer);
}

function send(route: Route, res: Response, answer: RouteAnswer): void {
  if (answer === 'handled') return;
  for (const [name, value] of Object.entries(answer.headers ?? {})) res.setHeader(name, value);
  res.status(answer.status ?? route.answer.status).setHeader('cache-control', 'no-store');
  const text = answer.jsonText ?? (answer.json === undefined ? undefined : JSON.stringify(answer.json));
  // Not res.send: it would answer 304 to our ETag, which names a version for edits and not these bytes.
  if (text === undefined) res.end();
  else res.type('application/json').end(text);
}

function checkAnswer(route: Route, answer: RouteAnswer): void {
  if (answer === 'handled' || !route.answer.schema) return;
  const value: unknown = answer.jsonText === undefined ? answer.json : JSON.parse(answer.jsonText);
  route.answer.schema.parse(value);
}

function assertDeclared(routes: readonly Route[]): void {
  const seen = new Set<string>();
  for (const { method, path, policy } of routes) {
    const name = `${method.toUpperCase()} ${path}`;
    if (!(METHODS as readonly string[]).includes(method)) throw new Error(`${name}: not a method that routes may use`);
    if (!(AUTH_LEVELS as readonly unknown[]).includes(policy?.auth)) {
      throw new Error(`${name} declares no policy; every route must say who may call it`);
    }
    if (seen.has(name)) throw new Error(`${name} is declared twice`);
    seen.add(name);
  }
}

/** @throws Error when a route was mounted on the app itself, past the declarations */
export function assertNothingUndeclared(app: Express, declared: Router): void {
  for (const layer of app.router.stack) {
    if (layer.route) throw new Error(`${layer.route.path} was mounted without a declaration`);
    const { handle: handler } = layer as { handle: unknown };
    if (typeof handler === 'function' && 'stack' in handler && handler !== declared) {
      throw new Error('a router was mounted beside the declared routes');
    }
  }
}
