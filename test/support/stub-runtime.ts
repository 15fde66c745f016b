/**
 * A node in this process, for tests of whatever talks to nodes: it demands its bearer secret, answers as
 * `script` says, and keeps what it received and how each request ended. `script` may be changed at any time.
 */
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StubScript {
  /** Status of GET /health. */
  health: number;
  /** Loading: everything but /health answers 503 as llama.cpp does. */
  loading: boolean;
  /** Of an answer: how many tokens, and the pause before the first and between them. */
  tokens: number;
  firstTokenMs: number;
  tokenMs: number;
  /** Answers with this status and an error body instead. */
  errorStatus: number | null;
  /** After this many tokens of a stream: cut the connection, or end it cleanly without [DONE]. */
  cutAfter: number | null;
  endWithoutDoneAfter: number | null;
  /** Cuts the connection before any byte of an answer, this many times. */
  resetsLeft: number;
  /** Takes requests and never answers. */
  hang: boolean;
  /** Answers entirely by itself. */
  respond: ((req: IncomingMessage, res: ServerResponse, body: Buffer) => void) | null;
}

export interface StubRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  body: Buffer;
  receivedAtMs: number;
  /** The client cut the connection before the answer was complete. */
  aborted: boolean;
  abortedAtMs: number | null;
  finished: boolean;
}

export interface StubRuntime {
  readonly address: string;
  readonly port: number;
  readonly secret: string;
  readonly script: StubScript;
  /** All but health probes, in order of arrival. */
  readonly requests: StubRequest[];
  healthProbes: number;
  /** Requests that came without the right secret. */
  strangers: number;
  /** The most that were in flight at once. */
  inFlightMax: number;
  /** As `kill -9`: connections cut, nobody listens. Safe to repeat. */
  close(): Promise<void>;
}

export interface StubOptions extends Partial<StubScript> {
  secret?: string;
  port?: number;
}

/** Starts a node on 127.0.0.1. */
export async function startStubRuntime(options: StubOptions = {}): Promise<StubRuntime> {
  const { secret = `secret-${Math.random().toString(36).slice(2)}`, port = 0, ...script } = options;
  const stub = new Stub(secret, script);
  await stub.listen(port);
  return stub;
}

const pause = (ms: number) => (ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve());

class Stub implements StubRuntime {
  readonly secret: string;
  readonly script: StubScript;
  readonly requests: StubRequest[] = [];
  readonly #server: Server;
  healthProbes = 0;
  strangers = 0;
  inFlightMax = 0;
  port = 0;
  #inFlight = 0;

  constructor(secret: string, script: Partial<StubScript>) {
    this.secret = secret;
    this.script = {
      health: 200,
      loading: false,
      tokens: 3,
      firstTokenMs: 0,
      tokenMs: 0,
      errorStatus: null,
      cutAfter: null,
      endWithoutDoneAfter: null,
      resetsLeft: 0,
      hang: false,
      respond: null,
      ...script,
    };
    this.#server = createServer((req, res) => void this.#take(req, res));
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.url === '/health') {
      this.healthProbes += 1;
      sendJson(res, this.script.loading ? 503 : this.script.health, { status: 'ok' });
      return;
    }
    const entry: StubRequest = {
      method: req.method ?? '',
      url: req.url ?? '',
      headers: req.headers,
      rawHeaders: req.rawHeaders,
      body: Buffer.alloc(0),
      receivedAtMs: performance.now(),
      aborted: false,
      abortedAtMs: null,
      finished: false,
    };
    this.requests.push(entry);
    this.#inFlight += 1;
    this.inFlightMax = Math.max(this.inFlightMax, this.#inFlight);
    res.on('close', () => {
      this.#inFlight -= 1;
      entry.finished = res.writableFinished;
      if (res.writableFinished) return;
      entry.aborted = true;
      entry.abortedAtMs = performance.now();
    });
    const chunks: Buffer[] = [];
    req.on('error', () => {});
    for await (const chunk of req) chunks.push(chunk as Buffer);
    entry.body = Buffer.concat(chunks);
    await this.#answer(req, res, entry);
  }

  async #answer(req: IncomingMessage, res: ServerResponse, entry: StubRequest): Promise<void> {
    const { script } = this;
    if (req.headers.authorization !== `Bearer ${this.secret}`) {
      this.strangers += 1;
      sendJson(res, 401, { error: { message: 'Invalid API Key', type: 'authentication_error', code: 401 } });
      return;
    }
    if (script.resetsLeft > 0) {
      script.resetsLeft -= 1;
      req.socket.destroy();
      return;
    }
    if (script.loading) {
      sendJson(res, 503, { error: { message: 'Loading model', type: 'unavailable_error', code: 503 } });
      return;
    }
    if (script.respond) {
      script.respond(req, res, entry.body);
      return;
    }
    if (script.hang) return;
    if (script.errorStatus !== null) {
      const code = script.errorStatus;
      sendJson(res, code, { error: { message: 'the node says no', type: 'invalid_request_error', code } });
      return;
    }
    await this.#complete(res, entry);
  }

  async #complete(res: ServerResponse, entry: StubRequest): Promise<void> {
    const { script } = this;
    const stream = entry.body.includes('"stream":true') || entry.body.includes('"stream": true');
    const base = {
      id: 'chatcmpl-stub',
      object: stream ? 'chat.completion.chunk' : 'chat.completion',
      created: 1,
      model: 'stub',
    };
    await pause(script.firstTokenMs);
    if (!stream) {
      const content = Array.from({ length: script.tokens }, (_, index) => `tok${index}`).join(' ');
      await pause(script.tokenMs * script.tokens);
      const choice = { index: 0, finish_reason: 'stop', message: { role: 'assistant', content } };
      const usage = { prompt_tokens: 1, completion_tokens: script.tokens, total_tokens: 1 + script.tokens };
      sendJson(res, 200, { ...base, choices: [choice], usage });
      return;
    }
    res.writeHead(200, {
      'content-type': 'text/event-stream',
      server: 'stub',
      'x-node-secret': this.secret,
      'set-cookie': 'a=b',
    });
    res.flushHeaders();
    for (let index = 0; index < script.tokens; index += 1) {
      if (index > 0) await pause(script.tokenMs);
      if (script.cutAfter === index) {
        res.socket?.destroy();
        return;
      }
      if (script.endWithoutDoneAfter === index) {
        res.end();
        return;
      }
      if (entry.aborted) return;
      const delta = { content: `${index > 0 ? ' ' : ''}tok${index}` };
      res.write(`data: ${JSON.stringify({ ...base, choices: [{ index: 0, finish_reason: null, delta }] })}\n\n`);
    }
    res.end(
      `data: ${JSON.stringify({ ...base, choices: [{ index: 0, finish_reason: 'stop', delta: {} }] })}\n\ndata: [DONE]\n\n`,
    );
  }
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8', server: 'stub' })
    .end(JSON.stringify(body));
}
