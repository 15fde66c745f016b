/**
 * A small Hugging Face Hub on loopback: as much of its API as listing and downloading a model takes, with
 * the answers of the live Hub where they matter (a missing repository and a private one are both 401; only
 * `X-Error-Code` tells them apart from a gated one). Every request is recorded.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

export interface FakeRepo {
  /** Path in the repository → bytes. */
  files: Readonly<Record<string, Buffer>>;
  /** `manual` asks for a token whose owner accepted the licence. */
  gated?: 'manual' | false;
  private?: boolean;
  /** Tokens that may read a gated or private repository. */
  readers?: readonly string[];
  /** Not even its info and list are shown to whoever may not read it. */
  hidesEverything?: boolean;
  pipelineTag?: string;
  /** Further fields of its info, or others instead: whatever a stranger wrote. */
  info?: Readonly<Record<string, unknown>>;
  /** Another list of files than its own. */
  tree?: unknown;
  /** Answers of another kind, by what is asked for: `info`, `tree`, or the path of a file. */
  oddities?: Readonly<Record<string, Oddity>>;
  /** Answers this status so many times before it behaves; 429 carries Retry-After: 1. */
  faults?: { status: 429 | 500 | 503; times: number };
  /** Bytes per second of downloads. */
  bytesPerSecond?: number;
  /** Entries per page of the file list. */
  pageSize?: number;
}

/** What a Hub must not be able to hurt us with. */
export type Oddity =
  | { kind: 'text'; text: string }
  | { kind: 'endless' }
  | { kind: 'gzip-bomb'; bytes: number }
  | { kind: 'silent' }
  | { kind: 'redirect'; to: string }
  | { kind: 'next-page'; to: string }
  | { kind: 'status'; status: number; code?: string };

export interface HubRequest {
  method: string;
  path: string;
  authorization: string | null;
  range: string | null;
  status: number;
}

export interface FakeHub {
  url: string;
  repos: Map<string, FakeRepo>;
  requests: HubRequest[];
  requestsFor(repo: string): HubRequest[];
  close(): Promise<void>;
}

/** The commit that every branch of every fake repository points to. */
export const FAKE_COMMIT = 'c0ffee'.padEnd(40, '0');

/** A file that begins like a GGUF file; the rest is noise that depends on the seed. */
export function ggufBytes(sizeBytes: number, seed = 'gguf'): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let offset = 0, block = 0; offset < sizeBytes; block += 1) {
    offset += createHash('sha256').update(`${seed}:${block}`).digest().copy(bytes, offset);
  }
  bytes.write('GGUF', 0, 'latin1');
  bytes.writeUInt32LE(3, 4);
  return bytes;
}

const GGUF_BYTES = 64 * 1024;

/** One repository of each kind; the names say which. */
export function standardRepos(): Map<string, FakeRepo> {
  const gguf = (seed: string) => ({
    'model-Q4_1.gguf': ggufBytes(GGUF_BYTES, seed),
    'README.md': Buffer.from('# model\n'),
  });
  return new Map<string, FakeRepo>([
    ['fake/tiny-GGUF', { files: gguf('tiny') }],
    ['fake/many-files-GGUF', { files: { ...gguf('many'), ...numberedFiles(7) }, pageSize: 3 }],
    [
      'fake/safetensors-only',
      { files: { 'model.safetensors': Buffer.alloc(4096, 1), 'config.json': Buffer.from('{"model_type":"llama"}') } },
    ],
    ['fake/gated-GGUF', { files: gguf('gated'), gated: 'manual', readers: ['hf_accepted'] }],
    ['fake/another-gated-GGUF', { files: gguf('another-gated'), gated: 'manual', readers: ['hf_accepted'] }],
    // Not even its list is shown, so that only its name tells its size.
    [
      'fake/closed-0.1B-GGUF',
      { files: gguf('closed'), gated: 'manual', hidesEverything: true, readers: ['hf_accepted'] },
    ],
    ['fake/private-GGUF', { files: gguf('private'), private: true, readers: ['hf_member'] }],
    ['fake/busy-GGUF', { files: gguf('busy'), faults: { status: 429, times: 2 } }],
    ['fake/broken-GGUF', { files: gguf('broken'), faults: { status: 500, times: 2 } }],
    ['fake/down-GGUF', { files: gguf('down'), faults: { status: 503, times: Number.MAX_SAFE_INTEGER } }],
    ['fake/slow-GGUF', { files: { 'model-Q4_1.gguf': ggufBytes(4 * GGUF_BYTES, 'slow') }, bytesPerSecond: 32 * 1024 }],
  ]);
}

function numberedFiles(count: number): Record<string, Buffer> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`docs/page-${i}.md`, Buffer.from(`page ${i}\n`)]));
}

export async function startFakeHub(repos: Map<string, FakeRepo> = standardRepos()): Promise<FakeHub> {
  const requests: HubRequest[] = [];
  const faultsLeft = new Map([...repos].map(([name, repo]) => [name, repo.faults?.times ?? 0]));
  let url = '';
  const server = createServer((req, res) => {
    res.on('close', () => {
      requests.push({
        method: req.method ?? '',
        path: req.url ?? '',
        authorization: req.headers.authorization ?? null,
        range: req.headers.range ?? null,
        status: res.statusCode,
      });
    });
    answer(req, res, { repos, faultsLeft, url }).catch(() => res.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    repos,
    requests,
    requestsFor: (repo) => requests.filter((request) => request.path.includes(repo)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface HubState {
  repos: Map<string, FakeRepo>;
  faultsLeft: Map<string, number>;
  url: string;
}

const API_PATH = /^\/api\/models\/([^/]+\/[^/]+)(?:\/(revision|tree)\/([^/]+)(?:\/(.*))?)?$/;
const FILE_PATH = /^\/([^/]+\/[^/]+)\/(resolve|raw)\/([^/]+)\/(.+)$/;

async function answer(req: IncomingMessage, res: ServerResponse, hub: HubState): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://hub');
  const pathname = decodeURIComponent(url.pathname);
  const api = API_PATH.exec(pathname);
  const file = api ? null : FILE_PATH.exec(pathname);
  const name = api?.[1] ?? file?.[1];
  const repo = name === undefined ? undefined : hub.repos.get(name);
  if (name === undefined) return fail(res, 404, 'EntryNotFound', 'Not Found');

  const left = hub.faultsLeft.get(name) ?? 0;
  if (repo?.faults && left > 0) {
    hub.faultsLeft.set(name, left - 1);
    if (repo.faults.status === 429) res.setHeader('Retry-After', '1');
    return fail(res, repo.faults.status, null, 'try again later');
  }

  const token = req.headers.authorization?.replace(/^Bearer /, '') ?? null;
  const mayRead = token !== null && (repo?.readers ?? []).includes(token);
  if (!repo || (repo.private && !mayRead)) {
    // With a token the live Hub says 404, without one 401, in both cases "not found" by code only.
    return fail(
      res,
      token ? 404 : 401,
      'RepoNotFound',
      token ? 'Repository not found' : 'Invalid username or password.',
    );
  }
  const revision = api?.[3] ?? file?.[3];
  if (revision !== undefined && !['main', 'HEAD', FAKE_COMMIT].includes(revision)) {
    return fail(res, 404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
  }

  const odd = repo.oddities?.[api ? (api[2] === 'tree' ? 'tree' : 'info') : (file?.[4] ?? '')];
  if (odd) return beOdd(res, odd);
  if (repo.hidesEverything && !mayRead) return refuse(res, name, token);
  if (api?.[2] === 'tree') return tree(res, repo, hub.url, url);
  if (api) return sendJson(res, 200, info(name, repo));
  if (repo.gated && !mayRead) return refuse(res, name, token);
  const bytes = repo.files[file?.[4] ?? ''];
  if (!bytes) return fail(res, 404, 'EntryNotFound', 'Entry not found');
  await sendFile(req, res, repo, bytes);
}

function refuse(res: ServerResponse, name: string, token: string | null): void {
  const [status, message] = token
    ? ([403, `Access to model ${name} is restricted and you are not in the authorized list.`] as const)
    : ([
        401,
        `Access to model ${name} is restricted. You must have access to it and be authenticated to access it.`,
      ] as const);
  fail(res, status, 'GatedRepo', message);
}

async function beOdd(res: ServerResponse, odd: Oddity): Promise<void> {
  const json = { 'content-type': 'application/json' };
  switch (odd.kind) {
    case 'text':
      res.writeHead(200, json).end(odd.text);
      return;
    case 'endless':
      res.writeHead(200, json);
      res.write('[');
      while (!res.destroyed) {
        res.write(' '.repeat(64 * 1024));
        do await setImmediate();
        while (res.writableNeedDrain && !res.destroyed);
      }
      return;
    case 'gzip-bomb':
      res.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(odd.bytes, ' ')));
      return;
    case 'silent':
      return;
    case 'redirect':
      res.writeHead(302, { location: odd.to }).end();
      return;
    case 'next-page':
      res.setHeader('Link', `<${odd.to}>; rel="next"`);
      return sendJson(res, 200, []);
    case 'status':
      return fail(res, odd.status, odd.code ?? null, 'odd');
  }
}

function info(name: string, repo: FakeRepo): Record<string, unknown> {
  return {
    _id: createHash('sha256').update(name).digest('hex').slice(0, 24),
    id: name,
    modelId: name,
    author: name.split('/')[0],
    sha: FAKE_COMMIT,
    private: repo.private ?? false,
    gated: repo.gated ?? false,
    disabled: false,
    pipeline_tag: repo.pipelineTag ?? 'text-generation',
    downloads: 1,
    likes: 1,
    lastModified: '2026-01-01T00:00:00.000Z',
    createdAt: '2026-01-01T00:00:00.000Z',
    tags: Object.keys(repo.files).some((path) => path.endsWith('.gguf')) ? ['gguf'] : [],
    siblings: Object.keys(repo.files).map((rfilename) => ({ rfilename })),
    usedStorage: Object.values(repo.files).reduce((sum, bytes) => sum + bytes.length, 0),
    ...repo.info,
  };
}

function isLfs(path: string): boolean {
  return /\.(gguf|safetensors|bin)$/.test(path);
}

function tree(res: ServerResponse, repo: FakeRepo, hubUrl: string, url: URL): void {
  if (repo.tree !== undefined) return sendJson(res, 200, repo.tree);
  const entries = Object.entries(repo.files).map(([path, bytes]) => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const oid = createHash('sha1').update(bytes).digest('hex');
    const lfs = isLfs(path) ? { lfs: { oid: sha256, size: bytes.length, pointerSize: 134 } } : {};
    return { type: 'file', oid, size: bytes.length, path, ...lfs };
  });
  const pageSize = repo.pageSize ?? 1000;
  const start = Number(url.searchParams.get('cursor') ?? 0);
  if (start + pageSize < entries.length) {
    const next = new URL(url.pathname + url.search, hubUrl);
    next.searchParams.set('cursor', String(start + pageSize));
    res.setHeader('Link', `<${next.href}>; rel="next"`);
  }
  sendJson(res, 200, entries.slice(start, start + pageSize));
}

/** One file, whole or a range of it, at the pace of the repository. */
async function sendFile(req: IncomingMessage, res: ServerResponse, repo: FakeRepo, bytes: Buffer): Promise<void> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const range = /^bytes=(\d+)-(\d*)$/.exec(req.headers.range ?? '');
  const start = range ? Number(range[1]) : 0;
  const end = Math.min(range?.[2] ? Number(range[2]) : bytes.length - 1, bytes.length - 1);
  if (range && start > end) {
    res.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    return;
  }
  res.writeHead(range ? 206 : 200, {
    'content-type': 'application/octet-stream',
    'content-length': end - start + 1,
    'accept-ranges': 'bytes',
    etag: `"${sha256}"`,
    'x-linked-etag': `"${sha256}"`,
    'x-linked-size': bytes.length,
    'x-repo-commit': FAKE_COMMIT,
    ...(range ? { 'content-range': `bytes ${start}-${end}/${bytes.length}` } : {}),
  });
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  const step = repo.bytesPerSecond ? Math.max(1, Math.floor(repo.bytesPerSecond / 10)) : bytes.length;
  for (let offset = start; offset <= end && !res.destroyed; offset += step) {
    res.write(bytes.subarray(offset, Math.min(offset + step, end + 1)));
    if (repo.bytesPerSecond) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  res.end();
}

function fail(res: ServerResponse, status: number, code: string | null, message: string): void {
  if (code) res.setHeader('X-Error-Code', code);
  res.setHeader('X-Error-Message', message);
  sendJson(res, status, { error: message });
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
