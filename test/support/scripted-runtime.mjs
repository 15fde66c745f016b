/**
 * A stand-in for an inference runtime that does as the endpoint's environment tells it. It speaks the
 * contract of a node: GET /health (503 while loading, then 200), the OpenAI paths behind the node's bearer
 * secret, SIGTERM. It exists so that tests can choose load times, crashes and hangs; nothing else imports it.
 *
 * Told by whoever starts it: HOST, PORT, API_KEY, MODEL, MODEL_PATH, SERVED_MODEL_NAMES, NODE_DIR, ENDPOINT_ID.
 * Told by the endpoint's `env`:
 *   SCRIPT_LOAD_SECONDS=n            the port answers at once, completions after n seconds
 *   SCRIPT_EXIT_AT_LOAD=1            says why on stderr and exits with 1
 *   SCRIPT_EXIT_IF_FILE=/path        the same, only while that file exists
 *   SCRIPT_NEVER_READY=1             loads for ever
 *   SCRIPT_HANG_FIRST_TOKEN_SECONDS  thinks that long before the first token
 *   SCRIPT_TOKEN_MS=n                pause between tokens (default 2); a request's `seed` overrides it
 *   SCRIPT_MARKER=text               is part of each answer, so a mixed-up answer shows
 *   SCRIPT_IGNORE_SIGTERM=1          has to be killed
 * What it did is appended to $NODE_DIR/scripted.jsonl.
 */
import { appendFileSync, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';

const env = process.env;
const startedAtMs = Date.now();
const names = (env.SERVED_MODEL_NAMES ?? env.MODEL ?? 'scripted').split(/[\s,]+/).filter(Boolean);
const loadMs = Number(env.SCRIPT_LOAD_SECONDS ?? 0) * 1000;
const defaultTokenMs = Number(env.SCRIPT_TOKEN_MS ?? 2);
const firstTokenMs = Number(env.SCRIPT_HANG_FIRST_TOKEN_SECONDS ?? 0) * 1000;
const TOKENS_DEFAULT = 4;
const PROMPT_TOKENS = 7;

/** @param {string} event @param {Record<string, unknown>} [details] */
function record(event, details = {}) {
  if (!env.NODE_DIR) return;
  const line = JSON.stringify({ at: new Date().toISOString(), pid: process.pid, event, ...details });
  try {
    appendFileSync(path.join(env.NODE_DIR, 'scripted.jsonl'), `${line}\n`);
  } catch {
    // The folder goes away when the node is released; what it says then interests nobody.
  }
}

if (env.SCRIPT_EXIT_AT_LOAD || (env.SCRIPT_EXIT_IF_FILE && existsSync(env.SCRIPT_EXIT_IF_FILE))) {
  // The secret is printed on purpose: whoever shows these lines must have taken it out.
  process.stderr.write(`scripted: loading ${env.MODEL} with key ${env.API_KEY}\n`);
  process.stderr.write('scripted: tensor blk.0.attn_q.weight has the wrong shape\n');
  process.stderr.write('scripted: cannot load the model, giving up\n');
  record('exit-at-load');
  process.exit(1);
}

const isReady = () => !env.SCRIPT_NEVER_READY && Date.now() - startedAtMs >= loadMs;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {import('node:http').ServerResponse} res @param {number} status @param {unknown} body */
function sendJson(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const error = (code, type, message) => ({ error: { message, type, param: null, code } });

/** @param {import('node:http').IncomingMessage} req */
async function readBody(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** The text of one token. With a marker, every token carries it. */
const tokenText = (index) => (env.SCRIPT_MARKER ? `${env.SCRIPT_MARKER} ` : `tok${index} `);

const models = () => ({
  object: 'list',
  data: names.map((id) => ({ id, object: 'model', created: 0, owned_by: 'scripted' })),
});

/** Answers a chat or text completion, streamed or whole. */
async function complete(req, res, body, isChat) {
  const count = body.max_tokens ?? body.max_completion_tokens ?? TOKENS_DEFAULT;
  const tokenMs = Number.isInteger(body.seed) ? body.seed : defaultTokenMs;
  const id = `chatcmpl-scripted-${process.pid}-${Date.now()}`;
  const base = { id, created: Math.floor(startedAtMs / 1000), model: body.model ?? names[0] };
  let isGone = false;
  res.on('close', () => {
    if (!res.writableFinished) isGone = true;
  });
  record('request', { stream: body.stream === true, count, headers: req.headers });
  if (firstTokenMs > 0) await pause(firstTokenMs);

  const usage = (completionTokens) => ({
    prompt_tokens: PROMPT_TOKENS,
    completion_tokens: completionTokens,
    total_tokens: PROMPT_TOKENS + completionTokens,
  });
  const object = isChat ? 'chat.completion' : 'text_completion';
  const words = [];
  if (body.stream !== true) {
    for (let index = 0; index < count && !isGone; index += 1) {
      await pause(tokenMs);
      words.push(tokenText(index));
    }
    if (isGone) return record('abort', { tokens: words.length });
    const text = words.join('');
    const choice = isChat
      ? { index: 0, finish_reason: 'length', message: { role: 'assistant', content: text } }
      : { index: 0, finish_reason: 'length', text };
    record('done', { tokens: count });
    return sendJson(res, 200, { ...base, object, choices: [choice], usage: usage(count) });
  }

  res.writeHead(200, { 'content-type': 'text/event-stream', 'x-scripted-secret': 'must-not-pass' });
  const send = (choices, extra = {}) =>
    res.write(
      `data: ${JSON.stringify({ ...base, object: isChat ? 'chat.completion.chunk' : object, choices, ...extra })}\n\n`,
    );
  if (isChat) send([{ index: 0, finish_reason: null, delta: { role: 'assistant', content: '' } }]);
  for (let index = 0; index < count; index += 1) {
    await pause(tokenMs);
    if (isGone) return record('abort', { tokens: index });
    const text = tokenText(index);
    send([
      isChat ? { index: 0, finish_reason: null, delta: { content: text } } : { index: 0, finish_reason: null, text },
    ]);
  }
  send([isChat ? { index: 0, finish_reason: 'length', delta: {} } : { index: 0, finish_reason: 'length', text: '' }]);
  if (body.stream_options?.include_usage) send([], { usage: usage(count) });
  res.end('data: [DONE]\n\n');
  record('done', { tokens: count });
}

async function answer(req, res) {
  const url = new URL(req.url ?? '/', 'http://runtime');
  const route = `${req.method} ${url.pathname.replace(/^\/v1(?=\/)/, '')}`;
  if (route === 'GET /health') {
    return isReady()
      ? sendJson(res, 200, { status: 'ok' })
      : sendJson(res, 503, error(503, 'unavailable_error', 'Loading model'));
  }
  if (req.headers.authorization !== `Bearer ${env.API_KEY}`) {
    record('unauthorized', { path: url.pathname });
    return sendJson(res, 401, error(401, 'authentication_error', 'Invalid API Key'));
  }
  if (!isReady()) return sendJson(res, 503, error(503, 'unavailable_error', 'Loading model'));
  if (route === 'GET /models') return sendJson(res, 200, models());
  let body;
  try {
    body = JSON.parse(await readBody(req));
  } catch {
    return sendJson(res, 400, error(400, 'invalid_request_error', 'the body is not JSON'));
  }
  if (route === 'POST /chat/completions') return complete(req, res, body, true);
  if (route === 'POST /completions') return complete(req, res, body, false);
  if (route === 'POST /tokenize')
    return sendJson(res, 200, {
      tokens: String(body.content ?? body.prompt ?? '')
        .split(/\s+/)
        .map((_, i) => i),
    });
  if (route === 'POST /detokenize')
    return sendJson(res, 200, { content: (body.tokens ?? []).map((t) => `tok${t}`).join(' ') });
  if (route === 'POST /embeddings')
    return sendJson(res, 200, {
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [0.1, 0.2] }],
      usage: { prompt_tokens: 2, total_tokens: 2 },
    });
  sendJson(res, 404, error(404, 'not_found_error', 'File Not Found'));
}

const server = createServer((req, res) => {
  answer(req, res).catch((cause) => {
    process.stderr.write(`scripted: ${cause}\n`);
    res.destroy();
  });
});
server.keepAliveTimeout = 5_000;
server.on('error', (cause) => {
  process.stderr.write(`scripted: cannot listen: ${cause.message}\n`);
  process.exit(1);
});
server.listen(Number(env.PORT), env.HOST ?? '127.0.0.1', () => {
  const modelBytes = env.MODEL_PATH && existsSync(env.MODEL_PATH) ? statSync(env.MODEL_PATH).size : null;
  record('start', { args: process.argv.slice(2), modelBytes });
  process.stderr.write(`scripted: listening, ready in ${loadMs} ms\n`);
});
for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
  process.on(signal, () => {
    record(signal);
    if (env.SCRIPT_IGNORE_SIGTERM) return;
    // As llama.cpp does: streams are cut, not finished.
    process.exit(0);
  });
}
