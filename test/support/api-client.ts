/**
 * What a user of the product does over HTTP, as short verbs for the acceptance cases: sign up, provision,
 * read, command, chat. It checks the shape of what comes back and knows nothing of the inside.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { eventually } from './eventually.ts';
import { chat, type ChatAnswer, type ChatOptions } from './chat-client.ts';

/** The model that comes with the local provider. */
export const BUILTIN_MODEL = 'HuggingFaceTB/SmolLM2-135M-Instruct';

export type Status =
  | 'building'
  | 'up'
  | 'hibernated'
  | 'waking'
  | 'updating'
  | 'paused'
  | 'failed'
  | 'deleting'
  | 'deleted';

/** The endpoint document of the contract. */
export const EndpointDocument = z.looseObject({
  id: z.string().regex(/^endpt-[0-9a-f]{12}$/),
  name: z.string(),
  model: z.string(),
  revision: z.string().nullable(),
  status: z.enum(['building', 'up', 'hibernated', 'waking', 'updating', 'paused', 'failed', 'deleting', 'deleted']),
  badge: z.string(),
  stage: z.string().nullable(),
  statusReason: z.string().nullable(),
  statusMessage: z.string(),
  since: z.iso.datetime(),
  etaSeconds: z.number().nullable(),
  degraded: z.boolean(),
  nodes: z.looseObject({
    desired: z.number(),
    ready: z.number(),
    draining: z.number(),
    items: z.array(z.looseObject({})),
  }),
  spec: z.looseObject({}),
  sizing: z.looseObject({}).nullable(),
  price: z.looseObject({ usdPerHour: z.number().nullable(), currency: z.string(), costSoFar: z.number().nullable() }),
  defaultUrl: z.url(),
  domains: z.array(z.unknown()),
  lastUpdate: z.looseObject({ state: z.string(), reason: z.string().nullable() }).nullable(),
  createdAt: z.iso.datetime(),
  lastRequestAt: z.iso.datetime().nullable(),
  workflowId: z.string(),
});
export type Endpoint = z.infer<typeof EndpointDocument>;

const EventDocument = z.looseObject({
  seq: z.number(),
  at: z.iso.datetime(),
  type: z.string(),
  actor: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  stage: z.string().nullable(),
  reason: z.string().nullable(),
  message: z.string(),
});
export type TimelineEvent = z.infer<typeof EventDocument>;

const Provisioned = z.strictObject({
  success: z.literal(true),
  endpointId: z.string().regex(/^endpt-[0-9a-f]{12}$/),
  defaultUrl: z.url(),
  message: z.literal('Endpoint provisioning initiated. You will receive an email when it is ready.'),
});

const CreatedKey = z.looseObject({
  id: z.string(),
  name: z.string(),
  key: z.string().regex(/^hvz_[\w-]{8}_[\w-]{43}$/),
  scopes: z.array(z.string()),
});
export type CreatedKey = z.infer<typeof CreatedKey>;

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body parsed; undefined when it is not JSON. */
  json: unknown;
  tookMs: number;
}

export interface RequestOptions {
  body?: unknown;
  headers?: Record<string, string>;
  /** Sent as it is, instead of `body`. */
  rawBody?: string;
}

/** One request with exactly these headers; redirects are shown, not followed. */
export async function request(url: string, method: string, options: RequestOptions = {}): Promise<Answer> {
  const startedMs = performance.now();
  const hasBody = options.body !== undefined;
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: { ...(hasBody ? { 'content-type': 'application/json' } : {}), ...options.headers },
    ...(hasBody
      ? { body: JSON.stringify(options.body) }
      : options.rawBody !== undefined
        ? { body: options.rawBody }
        : {}),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: parseJson(text),
    tookMs: performance.now() - startedMs,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The error code of either error shape (control plane or data plane). */
export function errorCode(answer: Pick<Answer, 'json'>): string | null {
  const shaped = z.looseObject({ error: z.looseObject({ code: z.string().nullable() }) }).safeParse(answer.json);
  return shaped.success ? shaped.data.error.code : null;
}

/** A signed-up user with a session and a data-plane key. */
export interface Owner {
  email: string;
  password: string;
  cookie: string;
  key: CreatedKey;
  baseUrl: string;
  /** A control-plane request with the session, from the dashboard's own origin. */
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  createKey(body?: Record<string, unknown>): Promise<CreatedKey>;
  /** Provisions and returns the id; `body` overrides small defaults. */
  provision(body?: Record<string, unknown>): Promise<string>;
  get(id: string): Promise<Endpoint>;
  list(): Promise<Endpoint[]>;
  events(id: string): Promise<TimelineEvent[]>;
  /** hibernate, wake, pause, resume, retry. */
  command(id: string, command: 'hibernate' | 'wake' | 'pause' | 'resume' | 'retry'): Promise<Answer>;
  delete(id: string, query?: string): Promise<Answer>;
  chat(id: string, options?: ChatOptions): Promise<ChatAnswer>;
  /** Waits for a status; gives up at once, with the whole story, when the endpoint fails in the meantime. */
  reaches(id: string, status: Status, withinMs?: number): Promise<Endpoint>;
  /** Waits until the endpoint answers 404. */
  vanishes(id: string, withinMs?: number): Promise<void>;
}

export async function signUp(baseUrl: string, label = 'user'): Promise<Owner> {
  const email = `${label}-${randomBytes(4).toString('hex')}@example.test`;
  const password = randomBytes(12).toString('base64url');
  const answer = await request(`${baseUrl}/api/auth/sign-up/email`, 'POST', {
    body: { name: label, email, password },
    headers: { origin: baseUrl },
  });
  if (answer.status !== 200) throw new Error(`sign-up: ${answer.status} ${answer.text}`);
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const owner = createOwner(baseUrl, email, password, cookie);
  owner.key = await owner.createKey();
  owners.push(owner);
  return owner;
}

const owners: Owner[] = [];

/** Everyone who signed up at this product during this test file. */
export function ownersOf(baseUrl: string): Owner[] {
  return owners.filter((owner) => owner.baseUrl === baseUrl);
}

/** An owner whose session exists already. */
export function createOwner(baseUrl: string, email: string, password: string, cookie: string): Owner {
  const owner: Owner = {
    email,
    password,
    cookie,
    baseUrl,
    key: { id: '', name: '', key: '', scopes: [] },
    request: (method, path, options = {}) =>
      request(baseUrl + path, method, { ...options, headers: { cookie, origin: baseUrl, ...options.headers } }),

    createKey: async (body = { name: 'acceptance', scopes: ['inference'] }) =>
      expectShape(CreatedKey, await owner.request('POST', '/api/keys', { body }), 201),

    provision: async (body = {}) => {
      const answer = await owner.request('POST', '/api/provision', {
        body: { model: BUILTIN_MODEL, minNodes: 0, maxNodes: 1, idleTimeoutSeconds: 3600, ...body },
      });
      return expectShape(Provisioned, answer, 202).endpointId;
    },

    get: async (id) => expectShape(EndpointDocument, await owner.request('GET', `/api/endpoints/${id}`), 200),
    list: async () =>
      expectShape(
        z.looseObject({ items: z.array(EndpointDocument) }),
        await owner.request('GET', '/api/endpoints?limit=100'),
        200,
      ).items,
    events: async (id) => {
      const answer = await owner.request('GET', `/api/endpoints/${id}/events?limit=1000`);
      return expectShape(z.looseObject({ items: z.array(EventDocument) }), answer, 200).items;
    },
    command: (id, command) => owner.request('POST', `/api/endpoints/${id}/${command}`),
    delete: (id, query = '') => owner.request('DELETE', `/api/endpoints/${id}${query}`),
    chat: (id, options = {}) => chat(`${baseUrl}/api/d/${id}`, { key: owner.key.key, ...options }),

    reaches: async (id, status, withinMs = 30_000) => {
      let seen: Endpoint | undefined;
      // A retry is accepted before it is acted on: the old failure may still show for a moment.
      let oldFailure: string | undefined;
      try {
        return await eventually(
          async () => {
            seen = await owner.get(id);
            oldFailure ??= seen.status === 'failed' ? seen.since : '';
            if (seen.status === 'failed' && status !== 'failed' && seen.since !== oldFailure) return 'failed' as const;
            return seen.status === status ? seen : null;
          },
          { timeoutMs: withinMs, intervalMs: 100, message: `${id} is ${status}` },
        ).then((found) => {
          if (found === 'failed') throw new Error(`${id} failed while ${status} was awaited`);
          return found;
        });
      } catch (cause) {
        throw new Error(`${String(cause)}\n${await story(owner, id, seen)}`, { cause });
      }
    },

    vanishes: async (id, withinMs = 30_000) => {
      await eventually(async () => (await owner.request('GET', `/api/endpoints/${id}`)).status === 404, {
        timeoutMs: withinMs,
        intervalMs: 100,
        message: `${id} is gone`,
      }).catch(async (cause: unknown) => {
        throw new Error(`${String(cause)}\n${await story(owner, id, undefined)}`, { cause });
      });
    },
  };
  return owner;
}

/** The endpoint and its timeline as text, for messages of failed expectations. */
export async function story(owner: Owner, id: string, seen?: Endpoint): Promise<string> {
  const endpoint = seen ?? (await owner.get(id).catch(() => undefined));
  const events = await owner.events(id).catch(() => []);
  const lines = events.map(
    (e) =>
      `  ${e.at} ${e.actor} ${e.type} ${e.from ?? ''}→${e.to ?? ''} ${e.stage ?? ''} ${e.reason ?? ''} ${e.message}`,
  );
  const head = endpoint
    ? `${id}: ${endpoint.status} ${endpoint.stage ?? ''} ${endpoint.statusReason ?? ''} ${endpoint.statusMessage}`
    : `${id}: unreadable`;
  return [head, ...lines].join('\n');
}

/** The statuses an endpoint went through, in order. */
export function statusPath(events: readonly TimelineEvent[]): string[] {
  return events.filter((event) => event.type === 'transition').map((event) => event.to ?? '?');
}

function expectShape<T>(schema: z.ZodType<T>, answer: Answer, status: number): T {
  if (answer.status !== status)
    throw new Error(`expected ${status}, got ${answer.status}: ${answer.text.slice(0, 600)}`);
  const parsed = schema.safeParse(answer.json);
  if (!parsed.success)
    throw new Error(`the answer breaks the contract: ${z.prettifyError(parsed.error)}\n${answer.text.slice(0, 1500)}`);
  return parsed.data;
}
