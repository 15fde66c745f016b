import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApp } from '../../api/app.ts';
import type { Policy } from '../../api/policies.ts';
import { type Route, route } from '../../api/route.ts';
import { allRoutes } from '../../api/routes/index.ts';
import { assertNothingUndeclared, createRouter } from '../../api/router.ts';
import { ERROR_CATALOG } from '../../domain/errors.ts';
import { request } from '../support/api-client.ts';
import { documentedRoutes } from './support/routes-of.ts';
import { type TestApi, startTestApi } from './support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const declare = (policy: unknown, path: `/${string}` = '/api/new'): Route =>
  route({
    method: 'get',
    path,
    policy: policy as Policy,
    tag: 'Test',
    summary: 'New',
    answer: { status: 200, description: 'x' },
    handler: () => ({ json: {} }),
  });

describe('the router denies by default', () => {
  it.each([
    ['no policy', undefined],
    ['an empty policy', {}],
    ['an unknown level', { auth: 'everyone' }],
  ])('the process does not start with a route that has %s', (_name, policy) => {
    expect(() => createApp(api.deps, [...allRoutes(api.deps), declare(policy)])).toThrow(
      'GET /api/new declares no policy',
    );
  });

  it('the process does not start with a route that is declared twice', () => {
    const routes = [...allRoutes(api.deps), declare({ auth: 'read' }), declare({ auth: 'public' })];
    expect(() => createApp(api.deps, routes)).toThrow('GET /api/new is declared twice');
  });

  it('the process does not start with a route mounted beside the declarations', () => {
    const routes = allRoutes(api.deps);
    const app = createApp(api.deps, routes);
    app.get('/api/backdoor', (_req, res) => void res.end());
    const options = { authenticate: () => Promise.reject(new Error('nobody')), trustedOrigins: new Set<string>() };
    expect(() => assertNothingUndeclared(app, createRouter(routes, options))).toThrow(/mounted/);
  });
});

describe('the OpenAPI document', () => {
  it('holds every route, and no other', async () => {
    const declared = allRoutes(api.deps).map(
      ({ method, path, policy }) => `${method.toUpperCase()} ${path} ${policy.auth !== 'public'}`,
    );
    const documented = (await documentedRoutes(api.url)).map(
      ({ method, path, secured }) => `${method} ${path} ${secured}`,
    );
    expect(documented.sort()).toEqual(declared.sort());
  });

  it('is OpenAPI 3.1, names every operation once, and describes bodies strictly', async () => {
    const document = (await request(`${api.url}/api/openapi.json`, 'GET')).json as {
      openapi: string;
      paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
      components: {
        schemas: Record<string, { additionalProperties?: unknown; required?: string[]; properties?: object }>;
      };
    };
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    const body = document.components.schemas['ProvisionRequest'];
    expect(body?.additionalProperties).toBe(false);
    expect(body?.required?.sort()).toEqual(['maxNodes', 'minNodes', 'model']);
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['Endpoint', 'Error', 'Key', 'Event']),
    );
  });

  it('names the codes that each operation can answer with, all of them in the catalogue', async () => {
    const document = (await request(`${api.url}/api/openapi.json`, 'GET')).json as {
      paths: Record<string, Record<string, { responses: Record<string, { description: string }> }>>;
    };
    const provision = document.paths['/api/provision']?.['post']?.responses ?? {};
    expect(provision['422']?.description).toContain('idempotency_key_reused');
    expect(provision['409']?.description).toContain('idempotency_key_in_use');
    for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
      for (const [status, { description }] of Object.entries(operation.responses)) {
        if (Number(status) < 400) continue;
        for (const code of description.replaceAll('`', '').split(', '))
          expect(Object.keys(ERROR_CATALOG)).toContain(code);
      }
    }
  });
});

describe('pages', () => {
  it.each(['/', '/docs', '/docs/docs.js', '/docs/site.css', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js'])(
    '%s is served',
    async (path) => {
      const answer = await request(api.url + path, 'GET');
      expect([answer.status, answer.text.length > 0]).toEqual([200, true]);
    },
  );

  it('run no inline script, load from here only, and are framed by nobody', async () => {
    const answer = await request(`${api.url}/docs`, 'GET');
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:/);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.text).not.toMatch(/<script>|style="|onclick|https?:\/\//);
  });
});
