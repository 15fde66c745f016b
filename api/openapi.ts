/**
 * The OpenAPI document, generated from the declared routes: the schemas that validate are the ones that are
 * shown, and a route cannot be left out.
 */
import type { z } from 'zod';
import { type ZodOpenApiOperationObject, type ZodOpenApiPathsObject, createDocument } from 'zod-openapi';
import { ERROR_CATALOG, type ErrorCode } from '../domain/errors.ts';
import { ErrorBody } from './contract.ts';
import type { Route } from './route.ts';

const DESCRIPTION = `Deploy a Hugging Face model as a dedicated endpoint with a stable, OpenAI-compatible URL that sleeps when idle
and wakes on the next request.

Authenticate with \`Authorization: Bearer hvz_…\` (POST /api/keys makes one) or with the dashboard's session cookie.
Sign up and in by \`POST /api/auth/sign-up/email\` and \`/api/auth/sign-in/email\`. Inference goes to an endpoint's
\`defaultUrl\`, \`/api/d/{id}/chat/completions\` and its siblings, in OpenAI's own format.`;

export function buildOpenApiDocument(routes: readonly Route[]) {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Hypervize', version: '0.1.0', description: DESCRIPTION },
    // Wherever the document came from.
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: hvz_…' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'hypervize.session_token',
          description: 'The session of a signed-in user; with the prefix `__Secure-` over https.',
        },
      },
    },
  });
}

function operation(route: Route): ZodOpenApiOperationObject {
  const { auth } = route.policy;
  return {
    operationId: operationId(route),
    tags: [route.tag],
    summary: route.summary,
    ...(auth === 'public'
      ? { security: [] }
      : { security: auth === 'session' ? [{ session: [] }] : [{ apiKey: [] }, { session: [] }] }),
    ...(auth === 'read' || auth === 'manage' ? { description: `Needs the scope \`${auth}\`.` } : {}),
    requestParams: {
      ...(route.params ? { path: asObject(route.params) } : {}),
      ...(route.query ? { query: asObject(route.query) } : {}),
      ...(route.headers ? { header: asObject(route.headers) } : {}),
    },
    ...(route.body ? { requestBody: { required: true, content: { 'application/json': { schema: route.body } } } } : {}),
    responses: {
      [`${route.answer.status}`]: {
        description: route.answer.description,
        content: {
          ...(route.answer.schema ? { 'application/json': { schema: route.answer.schema } } : {}),
          ...Object.fromEntries(
            (route.answer.also ?? []).map((type) => [type, { schema: { type: 'string' as const } }]),
          ),
        },
      },
      ...errorResponses(route),
    },
  };
}

/** Parameters are shown by their input; a query that is transformed as a whole shows what goes in. */
function asObject(schema: z.ZodType): z.ZodObject {
  const inner = 'in' in schema.def ? (schema.def.in as z.ZodType) : schema;
  if (inner.type !== 'object') throw new Error('parameters must be described by an object schema');
  return inner as z.ZodObject;
}

function errorResponses(route: Route): Record<string, ReturnType<typeof errorResponse>> {
  const byStatus = Map.groupBy(errorCodes(route), (code) =>
    // A refused command is a conflict, whatever the code means elsewhere.
    String(code.startsWith('endpoint_') && code !== 'endpoint_not_found' ? 409 : ERROR_CATALOG[code].status),
  );
  return Object.fromEntries([...byStatus].map(([status, codes]) => [status, errorResponse(codes)]));
}

function errorResponse(codes: readonly ErrorCode[]) {
  return {
    description: codes.map((code) => `\`${code}\``).join(', '),
    content: { 'application/json': { schema: ErrorBody } },
  };
}

function errorCodes(route: Route): ErrorCode[] {
  const codes = new Set<ErrorCode>(route.errors);
  const isMutating = route.method !== 'get';
  if (route.policy.auth !== 'public')
    for (const code of ['unauthenticated', 'invalid_api_key', 'forbidden'] as const) codes.add(code);
  if (isMutating)
    for (const code of ['origin_not_allowed', 'invalid_json', 'unsupported_media_type', 'payload_too_large'] as const)
      codes.add(code);
  if (isMutating || route.query || route.headers) codes.add('invalid_request');
  if (route.policy.auth !== 'public') codes.add('dependency_unavailable');
  return [...codes];
}

function operationId(route: Route): string {
  const words = route.path
    .replaceAll(/[{}]/g, '')
    .split('/')
    .filter((word) => word && word !== 'api');
  return [route.method, ...words]
    .map((word, index) => (index === 0 ? word : word.replace(/^\w/, (letter) => letter.toUpperCase())))
    .join('')
    .replaceAll(/\W/g, '');
}
