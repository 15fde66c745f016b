/**
 * Serves the built dashboard (web/dist) to browsers: its files, and its one page for every path that is a page
 * of it. Where nothing has been built, it serves nothing, and the api's own plain page stays.
 *
 * Not routes: they are no part of the API, and hold nothing of anybody.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Request, RequestHandler, Response } from 'express';

const DIST = fileURLToPath(new URL('../web/dist/', import.meta.url));

/** The paths at which the dashboard shows something; elsewhere it says that there is nothing. */
const PAGES = [
  /^\/$/,
  /^\/(sign-in|sign-up|endpoints|deploy|keys|usage|tiers|account)$/,
  /^\/endpoints\/[\w-]+(\/(playground|logs|usage|settings))?$/,
];
/** Files of the build carry a hash of what is in them in their name. */
const HASHED = /^\/assets\/[\w.-]+$/;
const PLAIN = new Set(['/mark.svg', '/color-scheme.js']);

export function createDashboard(folder = DIST): RequestHandler {
  return (req, res, next) => {
    const isRead = req.method === 'GET' || req.method === 'HEAD';
    if (!isRead || req.path.startsWith('/api/')) return next();
    if (HASHED.test(req.path) || PLAIN.has(req.path)) return sendFile(res, path.join(folder, req.path), next);
    const isPage = PAGES.some((page) => page.test(req.path));
    if (!isPage && !isNavigation(req)) return next();
    const index = path.join(folder, 'index.html');
    if (!existsSync(index)) return next();
    res.status(isPage ? 200 : 404);
    return sendFile(res, index, next);
  };
}

/** Someone who typed an address, rather than a program that asks for JSON. */
function isNavigation(req: Request): boolean {
  return !path.extname(req.path) && (req.headers.accept ?? '').includes('text/html') && !req.path.startsWith('/docs');
}

function sendFile(res: Response, file: string, next: (error?: unknown) => void): void {
  const isHashed = path.basename(path.dirname(file)) === 'assets';
  res.setHeader('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
  res.sendFile(file, { cacheControl: false, etag: !isHashed, lastModified: false }, (error) => {
    if (!error || res.headersSent) return;
    // A file of an earlier build, most likely: the page is loaded anew.
    res.removeHeader('cache-control');
    next();
  });
}
