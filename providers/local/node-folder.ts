/**
 * The folder of one node, `<home>/nodes/<token>`: what it is to serve, what it says of itself, and the
 * order to stop. The folder is the node's disk and its record; while it exists, the node exists.
 */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BRING_UP_STAGES } from '../../domain/endpoint.ts';
import { ERROR_CATALOG, type ErrorCode } from '../../domain/errors.ts';

const LEAVING_PREFIX = '.leaving-';
const ARRIVING_PREFIX = '.arriving-';

const isErrorCode = (code: string): code is ErrorCode => code in ERROR_CATALOG;

/** What node_host.py is told. Holds secrets, so it is readable by its owner only and never logged. */
const HostSpec = z.object({
  installationId: z.string(),
  endpointId: z.string(),
  nodeId: z.string(),
  token: z.string(),
  launchedAt: z.string(),
  model: z.string(),
  revision: z.string().nullable(),
  files: z.array(z.object({ path: z.string(), sizeBytes: z.number(), sha256: z.string().nullable() })),
  contextLength: z.number(),
  concurrency: z.number(),
  threads: z.number(),
  runtimeArgs: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  secret: z.string(),
  hub: z.object({ endpoint: z.string(), token: z.string().nullable() }),
  modelsFolder: z.string(),
  /** Set when the model is the built-in one, whether or not the file is there. */
  builtinModelPath: z.string().nullable(),
  runtimeCommand: z.string().nullable(),
});
export type HostSpec = z.infer<typeof HostSpec>;

/** What node_host.py says of itself. */
const HostStatus = z.object({
  pid: z.number().int().positive(),
  identity: z.string(),
  startedAt: z.string(),
  port: z.number().int().nullable(),
  stage: z.enum(BRING_UP_STAGES),
  progress: z.number().nullable(),
  failure: z.object({ code: z.string().refine(isErrorCode), message: z.string() }).nullable(),
});
export type HostStatus = z.infer<typeof HostStatus>;

/** Written before a stop begins, completed when it has ended. */
const StopRecord = z.object({ stoppedAt: z.string().nullable() });
export type StopRecord = z.infer<typeof StopRecord>;

export class NodeFolder {
  readonly token: string;
  readonly path: string;
  readonly #parent: string;

  constructor(home: string, token: string) {
    if (!/^[0-9a-f]{64}$/.test(token)) throw new TypeError('a node token is 64 hex digits');
    this.token = token;
    this.#parent = nodesFolder(home);
    this.path = path.join(this.#parent, token);
  }

  get logFile(): string {
    return path.join(this.path, 'runtime.log');
  }

  /** Makes the folder with its spec in it, in one step. False when it was there. */
  async create(spec: HostSpec): Promise<boolean> {
    await mkdir(this.#parent, { recursive: true, mode: 0o700 });
    const arriving = await mkdtemp(path.join(this.#parent, ARRIVING_PREFIX));
    try {
      await writeFile(path.join(arriving, 'spec.json'), JSON.stringify(spec), { mode: 0o600 });
      // A folder that has something in it is never replaced by a rename.
      await rename(arriving, this.path);
      return true;
    } catch (error) {
      await rm(arriving, { recursive: true, force: true });
      if (await exists(this.path)) return false;
      throw error;
    }
  }

  async readSpec(): Promise<HostSpec | null> {
    return readJson(this.#file('spec.json'), HostSpec);
  }

  async writeSpec(spec: HostSpec): Promise<void> {
    await writeWhole(this.#file('spec.json'), JSON.stringify(spec));
  }

  async readStatus(): Promise<HostStatus | null> {
    return readJson(this.#file('status.json'), HostStatus);
  }

  async readStop(): Promise<StopRecord | null> {
    return readJson(this.#file('stop.json'), StopRecord);
  }

  async writeStop(stop: StopRecord): Promise<void> {
    await writeWhole(this.#file('stop.json'), JSON.stringify(stop));
  }

  async clearStop(): Promise<void> {
    await rm(this.#file('stop.json'), { force: true });
  }

  /** The last time this node is known to have lived; what its death is dated by when nobody stopped it. */
  async lastSignOfLife(): Promise<string | null> {
    const files = ['heartbeat', 'status.json', 'runtime.log'].map((name) => this.#file(name));
    const times = await Promise.all(
      files.map((file) =>
        stat(file).then(
          (s) => s.mtimeMs,
          () => 0,
        ),
      ),
    );
    const last = Math.max(...times);
    return last > 0 ? new Date(last).toISOString() : null;
  }

  /** Out of sight in one step, then removed; what an earlier attempt left goes too. */
  async remove(): Promise<void> {
    const leaving = path.join(this.#parent, `${LEAVING_PREFIX}${this.token}-${Date.now()}`);
    await rename(this.path, leaving).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    const names = await readdir(this.#parent).catch(() => []);
    for (const name of names.filter((entry) => entry.startsWith(`${LEAVING_PREFIX}${this.token}`))) {
      await rm(path.join(this.#parent, name), { recursive: true, force: true });
    }
  }

  #file(name: string): string {
    return path.join(this.path, name);
  }
}

/** Every node folder of this home, of whatever installation. */
export async function listNodeFolders(home: string): Promise<NodeFolder[]> {
  const names = await readdir(nodesFolder(home)).catch(() => []);
  return names.filter((name) => /^[0-9a-f]{64}$/.test(name)).map((token) => new NodeFolder(home, token));
}

function nodesFolder(home: string): string {
  return path.join(home, 'nodes');
}

async function writeWhole(file: string, text: string): Promise<void> {
  const temp = `${file}.${process.pid}.new`;
  await writeFile(temp, text, { mode: 0o600 });
  await rename(temp, file);
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return null;
  }
  return schema.parse(JSON.parse(text));
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
