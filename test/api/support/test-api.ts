/**
 * The api process in miniature for one suite: the real app over real HTTP and a real Postgres, with every
 * answer checked against its schema, and without Temporal (the outbox is only poked).
 */
import { randomBytes } from 'node:crypto';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { createApp } from '../../../api/app.ts';
import { createChanges } from '../../../api/changes.ts';
import type { AppDeps } from '../../../api/deps.ts';
import type { Route } from '../../../api/route.ts';
import { trustedOrigins } from '../../../api/origin-guard.ts';
import { createAuth } from '../../../api/session.ts';
import { hubReadings } from '../../../db/hub-cache.ts';
import { SecretBox } from '../../../db/secrets.ts';
import { GPU_OFFERS } from '../../../domain/sizing/data/gpu-offers.ts';
import { createHub } from '../../../hub/hub.ts';
import { createModelReader } from '../../../hub/model-reader.ts';
import { type Answer, type RequestOptions, request } from '../../support/api-client.ts';
import { type TestDatabase, createTestDatabase } from '../../support/database.ts';

export interface TestApi {
  url: string;
  database: TestDatabase;
  deps: AppDeps;
  pokes: () => number;
  close(): Promise<void>;
}

export interface TestApiOptions {
  routes?: (deps: AppDeps) => readonly Route[];
  deps?: Partial<AppDeps>;
}

export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const database = await createTestDatabase();
  const server = createServer({ requestTimeout: 0 });
  const port = await listening(server);
  const url = `http://127.0.0.1:${port}`;
  const allowedHosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const logger = pino({ level: 'silent' });
  const closing = new AbortController();
  const changes = createChanges({ connectionString: database.connectionString, logger });
  changes.start();
  let pokes = 0;
  const { db, pool } = database;
  const deps: AppDeps = {
    db,
    secretBox: new SecretBox([randomBytes(32)]),
    logger,
    auth: createAuth({
      pool,
      db,
      logger,
      publicUrl: url,
      trustedOrigins: trustedOrigins(url, allowedHosts),
      secret: 'x'.repeat(40),
    }),
    publicUrl: url,
    allowedHosts,
    clientIpHeader: 'x-test-client-ip',
    changes,
    // A Hub that nobody answers for: what is provisioned is sized later.
    models: createModelReader(createHub({ endpoint: 'http://127.0.0.1:1', token: null }), hubReadings(db)),
    offers: GPU_OFFERS,
    limitUsdMicrosPerHour: null,
    outbox: { poke: () => void pokes++ },
    lifecycle: { isReachable: async () => true },
    dataPlane: null,
    closing: closing.signal,
    checkAnswers: true,
    ...options.deps,
  };
  server.on('request', options.routes ? createApp(deps, options.routes(deps)) : createApp(deps));
  return {
    url,
    database,
    deps,
    pokes: () => pokes,
    async close() {
      closing.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await changes.close();
      await database.close();
    },
  };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A user with a session, who acts from the dashboard's own origin unless told otherwise. */
export interface TestUser {
  email: string;
  password: string;
  cookie: string;
  userId: string;
  ownerId: string;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  provision(body?: Record<string, unknown>): Promise<string>;
  createKey(body: Record<string, unknown>): Promise<{ id: string; key: string }>;
}

let users = 0;

export async function signUp(api: TestApi, name = 'ada'): Promise<TestUser> {
  const email = `${name}-${randomBytes(4).toString('hex')}@example.test`;
  const password = 'correct horse battery';
  // Each user comes from an address of its own, so that the sign-up limit does not meet the suite.
  const ip = `10.1.${Math.floor(users / 250)}.${(users++ % 250) + 1}`;
  const answer = await request(`${api.url}/api/auth/sign-up/email`, 'POST', {
    body: { name, email, password },
    headers: { origin: api.url, 'x-test-client-ip': ip },
  });
  if (answer.status !== 200) throw new Error(`sign-up: ${answer.status} ${answer.text}`);
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const as = (method: string, path: string, options: RequestOptions = {}) =>
    request(api.url + path, method, { ...options, headers: { cookie, origin: api.url, ...options.headers } });
  const me = (await as('GET', '/api/me')).json as { user: { id: string }; organizations: { id: string }[] };
  return {
    email,
    password,
    cookie,
    userId: me.user.id,
    ownerId: me.organizations[0]?.id ?? '',
    request: as,
    async provision(body = {}) {
      const made = await as('POST', '/api/provision', { body: { ...PROVISION_BODY, ...body } });
      if (made.status !== 202) throw new Error(`provision: ${made.status} ${made.text}`);
      return (made.json as { endpointId: string }).endpointId;
    },
    async createKey(body) {
      const made = await as('POST', '/api/keys', { body: { name: 'test', ...body } });
      if (made.status !== 201) throw new Error(`key: ${made.status} ${made.text}`);
      return made.json as { id: string; key: string };
    },
  };
}

export const PROVISION_BODY = { model: 'HuggingFaceTB/SmolLM2-135M-Instruct', minNodes: 0, maxNodes: 1 };

export interface ErrorBody {
  success: false;
  error: { code: string; message: string; details?: { fields?: Record<string, string>; [name: string]: unknown } };
  requestId: string;
}

export function errorOf(answer: Answer): ErrorBody['error'] {
  return (answer.json as ErrorBody).error;
}

/** The body of an error without what differs from request to request. */
export function withoutRequestId(answer: Answer): string {
  return answer.text.replace(/"requestId":"[^"]*"/, '"requestId":""');
}
