/**
 * A data plane on a real HTTP server and a real Postgres, with stub nodes. The lifecycle is played by the
 * test: `world.set` and `world.node` write the records that the lifecycle would write.
 */
import { createHash, randomBytes } from 'node:crypto';
import { type IncomingHttpHeaders, type Server, createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { sql } from 'kysely';
import { pino } from 'pino';
import { type Proxy, type ProxyDeps, createProxy } from '../../../api/proxy/proxy.ts';
import type { ProxyOptions } from '../../../api/proxy/options.ts';
import type { Db } from '../../../db/client.ts';
import { SecretBox, secretPlace } from '../../../db/secrets.ts';
import type { EndpointStatus, NodeState } from '../../../domain/endpoint.ts';
import { endpointIdFrom } from '../../../domain/endpoint-id.ts';
import { type TestDatabase, createTestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import type { StubRuntime } from '../../support/stub-runtime.ts';

export const OWNER_A = 'org-a';
export const OWNER_B = 'org-b';

export interface TestProxy {
  proxy: Proxy;
  port: number;
  url: string;
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** Each piece of the body as it came, with the time. */
  chunks: { text: string; atMs: number }[];
  /** The connection ended before the body did. */
  cut: boolean;
}

export type SpecialOptions = Partial<Omit<ProxyOptions, 'allowedHosts'>> &
  Pick<Partial<ProxyDeps>, 'sessionOwners' | 'nowMs'>;

export class World {
  readonly database: TestDatabase;
  readonly box = new SecretBox([randomBytes(32)]);
  readonly #closers: (() => Promise<unknown>)[] = [];

  constructor(database: TestDatabase) {
    this.database = database;
  }

  get db(): Db {
    return this.database.db;
  }

  /** Runs `close` when the world ends, last first. */
  onClose(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.toReversed()) await close();
    await this.database.close();
  }

  async proxy(special: SpecialOptions = {}): Promise<TestProxy> {
    const { sessionOwners = async () => null, nowMs, timings, ...options } = special;
    const server: Server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const proxy = createProxy({
      db: this.db,
      connectionString: this.database.connectionString,
      secretBox: this.box,
      logger: pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' }),
      sessionOwners,
      ...(nowMs ? { nowMs } : {}),
      options: {
        edgeTimeoutSeconds: 0,
        clientIpHeader: null,
        wakeQueueMax: 256,
        wakeQueueBytesMax: 64 * 2 ** 20,
        requestBodyBytesMax: 1024 * 1024,
        publicUrl: `http://localhost:${port}`,
        allowedHosts: [`localhost:${port}`, `127.0.0.1:${port}`],
        timings: { settleMs: 0, heartbeatMs: 200, suspectProbeMs: 50, ...timings },
        ...options,
      },
    });
    server.on('request', (req, res) => {
      if (proxy.handles(req)) proxy.handle(req, res);
      else res.writeHead(404).end('express');
    });
    await proxy.start();
    let closed = false;
    const close = async () => {
      if (closed) return;
      closed = true;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await proxy.close();
    };
    this.onClose(close);
    return { proxy, port, url: `http://127.0.0.1:${port}`, close };
  }

  /** Issues a key as the control plane does. */
  async key(
    ownerId: string,
    row: { scopes?: string[]; endpointIds?: string[]; expiresAt?: Date; revokedAt?: Date } = {},
  ) {
    const id = randomBytes(4).toString('hex');
    const key = `hvz_${id}_${randomBytes(32).toString('base64url')}`;
    await this.db
      .insertInto('api_keys')
      .values({
        id,
        owner_id: ownerId,
        created_by: 'test',
        name: 'test',
        secret_sha256: createHash('sha256').update(key).digest(),
        last4: key.slice(-4),
        scopes: row.scopes ?? ['inference'],
        endpoint_ids: row.endpointIds ?? null,
        expires_at: row.expiresAt ?? null,
        revoked_at: row.revokedAt ?? null,
      })
      .execute();
    return key;
  }

  async endpoint(
    row: {
      ownerId?: string;
      status?: EndpointStatus;
      sleepGeneration?: number;
      idleTimeoutSeconds?: number;
      targetConcurrency?: number;
      minNodes?: number;
    } = {},
  ): Promise<string> {
    const id = endpointIdFrom(randomBytes(6));
    const ownerId = row.ownerId ?? OWNER_A;
    await this.db.transaction().execute(async (tx) => {
      await tx
        .insertInto('endpoints')
        .values({
          id,
          owner_id: ownerId,
          created_by: 'test',
          name: 'test',
          spec: JSON.stringify({
            model: 'org/model',
            revision: null,
            provider: 'local',
            region: null,
            tier: null,
            contextLength: null,
            runtimeArgs: [],
          }),
          status: row.status ?? 'hibernated',
          sleep_generation: row.sleepGeneration ?? (row.status === 'building' ? 0 : 1),
        })
        .execute();
      await tx
        .insertInto('autoscaling')
        .values({
          endpoint_id: id,
          owner_id: ownerId,
          min_nodes: row.minNodes ?? 0,
          max_nodes: 2,
          idle_timeout_seconds: row.idleTimeoutSeconds ?? 3600,
          target_concurrency: row.targetConcurrency ?? 4,
        })
        .execute();
    });
    return id;
  }

  /** Writes a status as the lifecycle does: with the next version. */
  async set(endpointId: string, columns: Record<string, unknown>): Promise<number> {
    const row = await this.db
      .updateTable('endpoints')
      .set((eb) => ({ ...columns, since: sql<Date>`clock_timestamp()`, version: eb('version', '+', 1) }))
      .where('id', '=', endpointId)
      .returning('version')
      .executeTakeFirstOrThrow();
    return row.version;
  }

  /** Records a node at a stub's address; `slot` tells several apart. */
  async node(
    endpointId: string,
    stub: StubRuntime,
    options: { slot?: number; state?: NodeState; secret?: string } = {},
  ): Promise<string> {
    const nodeId = `node-${randomBytes(6).toString('hex')}`;
    await this.db
      .insertInto('nodes')
      .values({
        id: nodeId,
        endpoint_id: endpointId,
        owner_id: OWNER_A,
        slot: options.slot ?? 0,
        epoch: Math.floor(Math.random() * 1e9),
        generation: 1,
        token: randomBytes(32).toString('hex'),
        provider: 'local',
        candidate: '{}',
        address: stub.address,
        secret_ciphertext: this.box.seal(options.secret ?? stub.secret, secretPlace.node(nodeId)),
        state: options.state ?? 'ready',
      })
      .execute();
    return nodeId;
  }

  async nodes(endpointId: string, state: NodeState): Promise<void> {
    await this.db
      .updateTable('nodes')
      .set({ state, updated_at: sql<Date>`clock_timestamp()` })
      .where('endpoint_id', '=', endpointId)
      .where('state', '<>', 'terminated')
      .execute();
  }

  /** An endpoint that is up on the stub. */
  async up(stub: StubRuntime, row: Parameters<World['endpoint']>[0] = {}): Promise<string> {
    const id = await this.endpoint({ ...row, status: 'building' });
    await this.node(id, stub);
    await this.set(id, { status: 'up' });
    return id;
  }

  signals(endpointId: string, signal: string) {
    return this.db
      .selectFrom('outbox')
      .selectAll()
      .where('endpoint_id', '=', endpointId)
      .where('signal', '=', signal)
      .execute();
  }

  async held(proxy: TestProxy, count: number): Promise<void> {
    await eventually(() => proxy.proxy.status().held === count, { message: `${count} requests are held` });
  }
}

export async function createWorld(): Promise<World> {
  const database = await createTestDatabase();
  for (const id of [OWNER_A, OWNER_B]) {
    await database.db
      .insertInto('organization')
      .values({ id, name: id, slug: id, createdAt: new Date(), metadata: null })
      .execute();
  }
  return new World(database);
}

export interface SendOptions {
  method?: string;
  key?: string;
  headers?: Record<string, string>;
  body?: string | Buffer | object;
  signal?: AbortSignal;
  onChunk?: (text: string) => void;
}

/** One HTTP request over a connection of its own; never throws for what the server does. */
export function send(url: string, options: SendOptions = {}): Promise<Answer> {
  const { method = 'POST', key, headers = {}, body } = options;
  const payload = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const req = httpRequest(url, {
      method,
      agent: false,
      ...(options.signal ? { signal: options.signal } : {}),
      headers: {
        ...(key ? { authorization: `Bearer ${key}` } : {}),
        ...(payload !== undefined
          ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
          : {}),
        ...headers,
      },
    });
    let answer: Answer | undefined;
    req.on('response', (res) => {
      const started: Answer = { status: res.statusCode ?? 0, headers: res.headers, body: '', chunks: [], cut: false };
      answer = started;
      res.setEncoding('utf8');
      res.on('data', (text: string) => {
        started.body += text;
        started.chunks.push({ text, atMs: performance.now() });
        options.onChunk?.(text);
      });
      res.on('error', () => {});
      res.on('close', () => resolve({ ...started, cut: !res.complete }));
    });
    req.on('error', (error) => {
      if (!answer) reject(error);
    });
    req.end(payload);
  });
}

/** Sends bytes as they are and returns all that comes back until the server closes or `quietMs` pass. */
export function sendRaw(port: number, text: string, quietMs = 300): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    const done = () => {
      socket.destroy();
      resolve(received);
    };
    socket.setTimeout(quietMs, done);
    socket.on('data', (chunk) => (received += chunk.toString()));
    socket.on('end', done).on('error', done);
    socket.write(text);
  });
}

export const chatUrl = (at: TestProxy, endpointId: string) => `${at.url}/api/d/${endpointId}/chat/completions`;
export const CHAT = { model: 'org/model', messages: [{ role: 'user', content: 'hi' }] };
export const STREAM = { ...CHAT, stream: true };
export const errorOf = (answer: Answer) => (JSON.parse(answer.body) as { error: Record<string, unknown> }).error;
