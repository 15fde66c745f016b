/** The few pages that the api itself serves: what this is, and the API reference (Swagger UI, from our own disk). */
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import type { Response } from 'express';
import { absolutePath } from 'swagger-ui-dist';
import { z } from 'zod';
import { UserError } from '../../domain/errors.ts';
import { buildOpenApiDocument } from '../openapi.ts';
import { type Route, route } from '../route.ts';

const PUBLIC = fileURLToPath(new URL('../public/', import.meta.url));
const CACHE_SECONDS = 3600;

/** What the pages load. Anything else under /docs is nothing. */
const ASSETS: Readonly<Record<string, string>> = {
  'site.css': path.join(PUBLIC, 'site.css'),
  'docs.js': path.join(PUBLIC, 'docs.js'),
  'swagger-ui.css': path.join(absolutePath(), 'swagger-ui.css'),
  'swagger-ui-bundle.js': path.join(absolutePath(), 'swagger-ui-bundle.js'),
  'favicon-32x32.png': path.join(absolutePath(), 'favicon-32x32.png'),
};

const page = (description: string) => ({ status: 200, description, also: ['text/html'] });

/** @param declared all other routes; the document tells of them and of these */
export function pageRoutes(declared: readonly Route[]): Route[] {
  let document: unknown;
  const pages: Route[] = [
    route({
      method: 'get',
      path: '/',
      policy: { auth: 'public' },
      tag: 'System',
      summary: 'What this is',
      answer: page('A page.'),
      handler: ({ res }) => sendPage(res, path.join(PUBLIC, 'index.html')),
    }),
    route({
      method: 'get',
      path: '/docs',
      policy: { auth: 'public' },
      tag: 'System',
      summary: 'The API reference',
      answer: page('A page.'),
      handler: ({ res }) => sendPage(res, path.join(PUBLIC, 'docs.html')),
    }),
    route({
      method: 'get',
      path: '/docs/{file}',
      policy: { auth: 'public' },
      tag: 'System',
      summary: 'What the pages load',
      params: z.object({ file: z.string() }),
      answer: {
        status: 200,
        description: 'A style sheet, script or picture.',
        also: ['text/css', 'text/javascript', 'image/png'],
      },
      errors: ['not_found'],
      handler: ({ params, res }) => sendPage(res, Object.hasOwn(ASSETS, params.file) ? ASSETS[params.file] : undefined),
    }),
    route({
      method: 'get',
      path: '/api/openapi.json',
      policy: { auth: 'public' },
      tag: 'System',
      summary: 'This document',
      answer: { status: 200, description: 'OpenAPI 3.1.', schema: z.looseObject({ openapi: z.string() }) },
      handler: () => ({ json: (document ??= buildOpenApiDocument([...declared, ...pages])) }),
    }),
  ];
  return pages;
}

async function sendPage(res: Response, file: string | undefined): Promise<'handled'> {
  if (!file) throw new UserError('not_found', 'There is nothing at this path.');
  res.setHeader('cache-control', `public, max-age=${CACHE_SECONDS}`);
  await new Promise<void>((resolve, reject) => {
    res.sendFile(file, { cacheControl: false }, (error) => (error && !res.headersSent ? reject(error) : resolve()));
  });
  return 'handled';
}
