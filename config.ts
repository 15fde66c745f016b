/**
 * The only reader of the environment. Entry points (supervisor, api, worker, migrate) call `loadConfig`
 * once and hand parts of it on; nothing else looks at `process.env`.
 * A wrong value stops the start with one sentence that names the variable.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { z } from 'zod';

const seconds = z.coerce
  .number()
  .int()
  .min(1)
  .max(30 * 86_400);
const port = z.coerce.number().int().min(1).max(65_535);
const hexKey = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 lowercase hex digits (32 bytes); make one with: openssl rand -hex 32');

const Environment = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Where the control plane, the data plane and the dashboard listen. */
  PORT: port.default(8080),
  HOST: z.string().default('127.0.0.1'),
  /** What `defaultUrl` and mails start with. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Further host names that may be used in the Host header, comma-separated. */
  ALLOWED_HOSTS: z.string().default(''),
  METRICS_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  /** Everything that the embedded default keeps. */
  HYPERVIZE_HOME: z.string().default('./.hypervize'),
  /** Where pinned third-party downloads are kept; may be shared by several homes. */
  HYPERVIZE_DOWNLOADS: z.string().optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  /** Read by @temporalio/envconfig too, like every other TEMPORAL_* variable. */
  TEMPORAL_ADDRESS: z.string().optional(),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_UI_PORT: port.default(8233),
  /** Where people open the Web UI of that Temporal service; `npm start` knows it of its own. */
  TEMPORAL_UI_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** The CLI whose dev server `npm start` runs; otherwise it is found or fetched. */
  TEMPORAL_CLI_PATH: z.string().optional(),
  /** Encrypts workflow payloads. */
  TEMPORAL_PAYLOAD_KEY: hexKey.optional(),
  /** Seals secrets at rest; several during a rotation, newest first, comma-separated. */
  HYPERVIZE_SECRET_KEY: z.string().optional(),
  /** Signs session cookies. */
  HYPERVIZE_AUTH_SECRET: z.string().min(32).optional(),
  HF_ENDPOINT: z.url({ protocol: /^https?$/ }).default('https://huggingface.co'),
  HF_TOKEN: z.string().optional(),
  /** Above this price of all its nodes together, an endpoint is only made when its owner says `acceptPrice`. */
  MAX_USD_PER_HOUR: z.coerce.number().min(0).max(1_000_000).optional(),
  /** A JSON file of the operator's own prices, laid over the built-in list; see domain/pricing.ts. */
  PRICE_OVERRIDES: z.string().optional(),
  SENDGRID_API_KEY: z.string().optional(),
  SENDGRID_BASE_URL: z.url({ protocol: /^https?$/ }).default('https://api.sendgrid.com'),
  MAIL_FROM: z.string().default('Hypervize <hypervize@localhost>'),
  /** How long a load balancer in front lets a request be silent; 0 when there is none. */
  EDGE_TIMEOUT_SECONDS: z.coerce.number().int().min(0).max(3600).default(0),
  /** Set where a reverse proxy of ours writes the client's address; ignored otherwise. */
  CLIENT_IP_HEADER: z.string().optional(),
  WAKE_QUEUE_MAX: z.coerce.number().int().min(1).max(100_000).default(256),
  WAKE_QUEUE_BYTES_MAX: z.coerce
    .number()
    .int()
    .min(1024)
    .default(64 * 2 ** 20),
  REQUEST_BODY_BYTES_MAX: z.coerce
    .number()
    .int()
    .min(1024)
    .default(16 * 2 ** 20),
  BRING_UP_DEADLINE_SECONDS: seconds.default(1800),
  DRAIN_DEADLINE_SECONDS: seconds.default(300),
  NODE_STOP_GRACE_SECONDS: seconds.default(10),
  /** How often an endpoint that is up looks at itself when no signal comes. */
  SELF_CHECK_SECONDS: seconds.default(300),
  REAPER_INTERVAL_SECONDS: seconds.default(60),
  REAPER_GRACE_SECONDS: z.coerce.number().int().min(0).default(900),
  REAPER_MODE: z.enum(['enforce', 'report']).default('enforce'),
  /** Runs instead of the bundled llama.cpp; see providers/local. */
  LOCAL_RUNTIME_COMMAND: z.string().optional(),
  LOCAL_RUNTIME_THREADS: z.coerce.number().int().min(1).optional(),
  LOCAL_MEMORY_BYTES_MAX: z.coerce.number().int().min(1).optional(),
  PYTHON: z.string().default('python3'),
  /** Test only: `point:kill|throw|hang:once`, see activities/fault-points.ts. */
  FAULT: z.string().optional(),
});

export interface Config {
  environment: 'development' | 'production' | 'test';
  logLevel: string;
  host: string;
  port: number;
  metricsPort: number;
  publicUrl: string;
  /** Host header values that are answered, lower-case, with port where one is usual. */
  allowedHosts: readonly string[];
  home: string;
  downloads: string;
  databaseUrl: string;
  /** True when nobody set DATABASE_URL, so `npm start` runs its own Postgres. */
  embeddedPostgres: boolean;
  temporal: {
    address: string;
    embedded: boolean;
    namespace: string;
    uiPort: number;
    uiUrl: string | null;
    cliPath: string | null;
    payloadKey: Buffer | null;
  };
  secretKeys: readonly Buffer[];
  authSecret: string;
  hub: { endpoint: string; token: string | null };
  pricing: {
    /** Micro-dollars per hour; null for no limit. */
    limitUsdMicrosPerHour: number | null;
    /** Content of the operator's price file; null when there is none. */
    overrides: string | null;
  };
  mail: { sendGridApiKey: string | null; sendGridBaseUrl: string; from: string; outboxFolder: string };
  proxy: {
    edgeTimeoutSeconds: number;
    clientIpHeader: string | null;
    wakeQueueMax: number;
    wakeQueueBytesMax: number;
    requestBodyBytesMax: number;
  };
  limits: {
    bringUpDeadlineSeconds: number;
    drainDeadlineSeconds: number;
    nodeStopGraceSeconds: number;
    selfCheckSeconds: number;
  };
  reaper: { intervalSeconds: number; graceSeconds: number; mode: 'enforce' | 'report' };
  local: {
    runtimeCommand: string | null;
    threads: number | null;
    memoryBytesMax: number | null;
    python: string;
  };
  fault: string | null;
}

export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** Reads and checks the environment. @throws ConfigError with a sentence for the operator */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  // An empty value means unset, as docker compose passes on what is not there.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(`The environment has wrong values. ${lines.join('; ')}`);
  }
  const e = parsed.data;
  const home = path.resolve(e.HYPERVIZE_HOME);
  const publicUrl = (e.PUBLIC_URL ?? `http://localhost:${e.PORT}`).replace(/\/+$/, '');
  if (e.FAULT && e.NODE_ENV !== 'test') throw new ConfigError('FAULT may only be set with NODE_ENV=test.');
  return {
    environment: e.NODE_ENV,
    logLevel: e.LOG_LEVEL,
    host: e.HOST,
    port: e.PORT,
    metricsPort: e.METRICS_PORT,
    publicUrl,
    allowedHosts: allowedHosts(publicUrl, e.PORT, e.HOST, e.ALLOWED_HOSTS),
    home,
    downloads: path.resolve(e.HYPERVIZE_DOWNLOADS ?? path.join(home, 'downloads')),
    databaseUrl: e.DATABASE_URL ?? '',
    embeddedPostgres: !e.DATABASE_URL,
    temporal: {
      address: e.TEMPORAL_ADDRESS ?? '',
      embedded: !e.TEMPORAL_ADDRESS,
      namespace: e.TEMPORAL_NAMESPACE,
      uiPort: e.TEMPORAL_UI_PORT,
      uiUrl: e.TEMPORAL_UI_URL?.replace(/\/+$/, '') ?? null,
      cliPath: e.TEMPORAL_CLI_PATH ?? null,
      payloadKey: e.TEMPORAL_PAYLOAD_KEY ? Buffer.from(e.TEMPORAL_PAYLOAD_KEY, 'hex') : null,
    },
    secretKeys: parseKeys(e.HYPERVIZE_SECRET_KEY),
    authSecret: e.HYPERVIZE_AUTH_SECRET ?? '',
    hub: { endpoint: e.HF_ENDPOINT.replace(/\/+$/, ''), token: e.HF_TOKEN ?? null },
    pricing: {
      limitUsdMicrosPerHour: e.MAX_USD_PER_HOUR === undefined ? null : Math.round(e.MAX_USD_PER_HOUR * 1e6),
      overrides: e.PRICE_OVERRIDES === undefined ? null : readPriceFile(e.PRICE_OVERRIDES),
    },
    mail: {
      sendGridApiKey: e.SENDGRID_API_KEY ?? null,
      sendGridBaseUrl: e.SENDGRID_BASE_URL.replace(/\/+$/, ''),
      from: e.MAIL_FROM,
      outboxFolder: path.join(home, 'outbox'),
    },
    proxy: {
      edgeTimeoutSeconds: e.EDGE_TIMEOUT_SECONDS,
      clientIpHeader: e.CLIENT_IP_HEADER?.toLowerCase() ?? null,
      wakeQueueMax: e.WAKE_QUEUE_MAX,
      wakeQueueBytesMax: e.WAKE_QUEUE_BYTES_MAX,
      requestBodyBytesMax: e.REQUEST_BODY_BYTES_MAX,
    },
    limits: {
      bringUpDeadlineSeconds: e.BRING_UP_DEADLINE_SECONDS,
      drainDeadlineSeconds: e.DRAIN_DEADLINE_SECONDS,
      nodeStopGraceSeconds: e.NODE_STOP_GRACE_SECONDS,
      selfCheckSeconds: e.SELF_CHECK_SECONDS,
    },
    reaper: { intervalSeconds: e.REAPER_INTERVAL_SECONDS, graceSeconds: e.REAPER_GRACE_SECONDS, mode: e.REAPER_MODE },
    local: {
      runtimeCommand: e.LOCAL_RUNTIME_COMMAND ?? null,
      threads: e.LOCAL_RUNTIME_THREADS ?? null,
      memoryBytesMax: e.LOCAL_MEMORY_BYTES_MAX ?? null,
      python: e.PYTHON,
    },
    fault: e.FAULT ?? null,
  };
}

/** For processes that cannot run without a database, Temporal and keys (all but the supervisor). */
export function requireServices(config: Config): Config {
  const missing: string[] = [];
  if (!config.databaseUrl) missing.push('DATABASE_URL');
  if (!config.temporal.address) missing.push('TEMPORAL_ADDRESS');
  if (config.secretKeys.length === 0) missing.push('HYPERVIZE_SECRET_KEY');
  if (!config.authSecret) missing.push('HYPERVIZE_AUTH_SECRET');
  // Readable histories are worth more than secret ones only while developing.
  if (config.environment === 'production' && !config.temporal.payloadKey) missing.push('TEMPORAL_PAYLOAD_KEY');
  if (missing.length > 0) {
    throw new ConfigError(`Set ${missing.join(', ')}, or run "npm start", which sets up everything on this machine.`);
  }
  return config;
}

function readPriceFile(file: string): string {
  try {
    return readFileSync(path.resolve(file), 'utf8');
  } catch (error) {
    throw new ConfigError(`PRICE_OVERRIDES: ${path.resolve(file)} cannot be read.`, { cause: error });
  }
}

function parseKeys(value: string | undefined): Buffer[] {
  if (!value) return [];
  return value.split(',').map((key) => {
    const parsed = hexKey.safeParse(key.trim());
    if (!parsed.success) throw new ConfigError(`HYPERVIZE_SECRET_KEY: each key ${parsed.error.issues[0]?.message}`);
    return Buffer.from(parsed.data, 'hex');
  });
}

function allowedHosts(publicUrl: string, ownPort: number, host: string, extra: string): string[] {
  const hosts = new Set([new URL(publicUrl).host, `localhost:${ownPort}`, `127.0.0.1:${ownPort}`, `[::1]:${ownPort}`]);
  if (isIP(host) && host !== '0.0.0.0' && host !== '::') hosts.add(`${host}:${ownPort}`);
  for (const name of extra.split(',')) if (name.trim()) hosts.add(name.trim().toLowerCase());
  return [...hosts];
}
