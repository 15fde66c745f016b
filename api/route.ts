/**
 * One route: its method, path, policy, schemas and handler in one declaration. Express routes, validation,
 * the OpenAPI document and the Origin guard are all derived from it, so none of them can disagree.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { ErrorCode } from '../domain/errors.ts';
import type { AuthLevel, Policy, Principal, PrincipalFor } from './policies.ts';
import { parseInput } from './validation.ts';

export const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
export type Method = (typeof METHODS)[number];

/** What a handler works with. Everything in it has been validated. */
export interface RouteContext<A extends AuthLevel, P, Q, H, B> {
  principal: PrincipalFor<A>;
  params: P;
  query: Q;
  headers: H;
  body: B;
  requestId: string;
  /** For the few that stream or send files; they answer `handled`. */
  req: Request;
  res: Response;
}

export type RouteAnswer =
  | 'handled'
  | {
      /** The declared one by default. */
      status?: number;
      headers?: Record<string, string>;
      json?: unknown;
      /** JSON text that is sent as it is. */
      jsonText?: string;
    };

/** The successful answer, as documented. */
export interface AnswerSpec {
  status: number;
  description: string;
  schema?: z.ZodType;
  /** Other media types that the route can answer with. */
  also?: readonly string[];
}

export interface RouteSpec<A extends AuthLevel, P, Q, H, B> {
  method: Method;
  /** OpenAPI form: `/api/endpoints/{id}`. */
  path: `/${string}`;
  policy: Policy<A>;
  tag: string;
  summary: string;
  params?: z.ZodType<P>;
  query?: z.ZodType<Q>;
  headers?: z.ZodType<H>;
  body?: z.ZodType<B>;
  answer: AnswerSpec;
  /** Codes beyond those that follow from policy and schemas. */
  errors?: readonly ErrorCode[];
  handler(context: RouteContext<A, P, Q, H, B>): Promise<RouteAnswer> | RouteAnswer;
}

/** What came in, before validation. */
export interface RawInput {
  principal: Principal | null;
  params: unknown;
  query: unknown;
  headers: IncomingHttpHeaders;
  body: unknown;
  requestId: string;
  req: Request;
  res: Response;
}

/** A route with its types folded away, as the router and the document see it. */
export interface Route {
  method: Method;
  path: `/${string}`;
  policy: Policy;
  tag: string;
  summary: string;
  params: z.ZodType | undefined;
  query: z.ZodType | undefined;
  headers: z.ZodType | undefined;
  body: z.ZodType | undefined;
  answer: AnswerSpec;
  errors: readonly ErrorCode[];
  /** Validates and handles. */
  run(raw: RawInput): Promise<RouteAnswer>;
}

/** Declares a route. */
export function route<A extends AuthLevel, P = undefined, Q = undefined, H = undefined, B = undefined>(
  spec: RouteSpec<A, P, Q, H, B>,
): Route {
  return {
    method: spec.method,
    path: spec.path,
    policy: spec.policy,
    tag: spec.tag,
    summary: spec.summary,
    params: spec.params,
    query: spec.query,
    headers: spec.headers,
    body: spec.body,
    answer: spec.answer,
    errors: spec.errors ?? [],
    async run(raw) {
      return spec.handler({
        // The router has authorized this principal for spec.policy, which is what PrincipalFor says.
        principal: raw.principal as PrincipalFor<A>,
        params: parseInput(spec.params, raw.params, 'path') as P,
        query: parseInput(spec.query, raw.query, 'query') as Q,
        headers: parseInput(spec.headers, raw.headers, 'header') as H,
        body: parseInput(spec.body, raw.body, 'body') as B,
        requestId: raw.requestId,
        req: raw.req,
        res: raw.res,
      });
    },
  };
}
