/**
 * The front of the data plane: checks a request in an order in which nothing can wake an endpoint, or even
 * be read, before it is known to be allowed. Frame, caller, endpoint, path, content type, body; then it
 * becomes an exchange.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isDormant } from './admission.ts';
import { type Authenticator, type Caller, authenticate, isCaller, mayUse } from './authenticate.ts';
import { describeHealth, describeModels } from './describe-endpoint.ts';
import { ENDPOINT_NOT_FOUND, type Failure, failure, failureJson } from './failure.ts';
import { holdTime } from './hold-time.ts';
import type { InferenceRequest } from './exchange.ts';
import type { KeyUsage } from './key-usage.ts';
import type { ProxyOptions, ProxyTimings } from './options.ts';
import { readBody, shapeOf } from './read-body.ts';
import { Reply, failureHeaders } from './reply.ts';
import { checkContentType, checkFrame } from './request-guard.ts';
import type { Route, RouteTable } from './route-table.ts';
import { type Operation, type Target, parseTarget } from './target.ts';

export interface FrontDeps {
  authenticator: Authenticator;
  keyUsage: KeyUsage;
  routes: RouteTable;
  /** Reads a route that is not in the table; never rejects. */
  lookUpRoute: (endpointId: string) => Promise<void>;
  isLoaded: () => boolean;
  isDraining: () => boolean;
  begin: (request: InferenceRequest, reply: Reply) => void;
  allowedHosts: ReadonlySet<string>;
  options: Pick<ProxyOptions, 'edgeTimeoutSeconds' | 'requestBodyBytesMax'>;
  timings: ProxyTimings;
  nowMs: () => number;
}

const NO_SUCH_PATH = failure(
  'not_found',
  'There is no such path on this endpoint. Use an OpenAI path such as /chat/completions.',
);
const NOT_LOADED = failure(
  'dependency_unavailable',
  'The server has just started and does not know its endpoints yet. Retry shortly.',
);
const SHUTTING_DOWN = failure('dependency_unavailable', 'This server is restarting. Retry shortly.', {
  retryAfterSeconds: 1,
});

export function createFront(deps: FrontDeps): (req: IncomingMessage, res: ServerResponse) => void {
  return (req, res) => {
    const reply = new Reply(res, `req_${randomBytes(12).toString('hex')}`);
    const refused = checkFrame(req, deps.allowedHosts);
    if (refused) {
      refuseUnread(reply, refused);
    } else if (req.method === 'OPTIONS') {
      // No page of another origin is invited; the answer only says so.
      res.writeHead(204, { allow: 'GET, HEAD, POST, OPTIONS' }).end();
    } else if (deps.isDraining()) {
      refuseUnread(reply, SHUTTING_DOWN);
    } else if (!deps.isLoaded()) {
      reply.fail(NOT_LOADED);
    } else {
      const caller = authenticate(req, deps.authenticator);
      if (caller instanceof Promise) void caller.then((found) => admitCaller(deps, req, reply, found));
      else admitCaller(deps, req, reply, caller);
    }
  };
}

function admitCaller(deps: FrontDeps, req: IncomingMessage, reply: Reply, caller: Caller | Failure): void {
  if (!isCaller(caller)) {
    reply.fail(caller);
    return;
  }
  if (caller.keyId !== null) deps.keyUsage.note(caller.keyId);
  const target = parseTarget(req.method ?? '', req.url ?? '');
  if (!target) {
    reply.fail(ENDPOINT_NOT_FOUND);
    return;
  }
  const route = usableRoute(deps, caller, target.endpointId);
  if (route && !isDormant(route)) {
    answer(deps, req, reply, target, route);
    return;
  }
  // Looked for whether it is unknown or another owner's, so that the time taken does not tell which.
  void deps.lookUpRoute(target.endpointId).then(() => {
    const found = usableRoute(deps, caller, target.endpointId);
    if (found) answer(deps, req, reply, target, found);
    else reply.fail(ENDPOINT_NOT_FOUND);
  });
}

function usableRoute(deps: FrontDeps, caller: Caller, endpointId: string): Route | null {
  const route = deps.routes.get(endpointId);
  return route && mayUse(caller, route) && route.status !== 'deleting' && route.status !== 'deleted' ? route : null;
}

function answer(deps: FrontDeps, req: IncomingMessage, reply: Reply, target: Target, route: Route): void {
  if (target.kind === 'unknown') {
    reply.fail(NO_SUCH_PATH);
  } else if (target.kind === 'inference') {
    receive(deps, req, reply, target);
  } else {
    const { status, body } =
      target.kind === 'models' ? describeModels(route) : describeHealth(route, target.query, deps.nowMs());
    reply.json(status, body, {
      'x-endpoint-id': route.endpointId,
      'x-endpoint-status': route.status,
      'cache-control': 'no-store',
    });
  }
}

function receive(deps: FrontDeps, req: IncomingMessage, reply: Reply, target: Target & { operation: Operation }): void {
  const { endpointId, operation } = target;
  const { requestBodyBytesMax, edgeTimeoutSeconds } = deps.options;
  const wrongType = checkContentType(req, operation);
  if (wrongType) {
    reply.fail(wrongType);
    return;
  }
  readBody(req, requestBodyBytesMax, (result) => {
    if (result.kind === 'gone') return;
    if (result.kind === 'too-large') {
      refuseLarge(deps, req, reply);
      return;
    }
    const shape = shapeOf(result.body, operation);
    if ('code' in shape) {
      reply.fail(shape);
      return;
    }
    const hold = holdTime(req.headers, shape.stream, edgeTimeoutSeconds, deps.timings);
    deps.begin({ endpointId, operation, body: result.body, stream: shape.stream, hold, headers: req.headers }, reply);
  });
}

/** For requests whose connection should not be used again. */
function refuseUnread(reply: Reply, why: Failure): void {
  reply.fail(why, { connection: 'close' });
}

/**
 * Answers at once, then reads and drops what still comes for a moment: a connection that is closed on a
 * client that is still sending would be reset, and the answer lost with it.
 */
function refuseLarge(deps: FrontDeps, req: IncomingMessage, reply: Reply): void {
  const { res } = reply;
  const limit = deps.options.requestBodyBytesMax;
  const body = failureJson(
    failure('payload_too_large', `The body is larger than ${limit} bytes, which is the limit here.`),
  );
  res.writeHead(413, {
    ...failureHeaders(failure('payload_too_large', '')),
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  res.write(body);
  const end = () => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(end, deps.timings.lingerMs).unref();
  req.on('end', end).on('close', end).on('error', end).resume();
}
