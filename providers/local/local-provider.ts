/**
 * Nodes on this machine: one detached process each, known by its folder under `<home>/nodes`.
 *
 * Keyed by the launch token, which is the folder's name. Nothing is kept in memory: the folder and the
 * process are the whole truth, so a restarted worker sees and controls what an earlier one launched. A
 * process is taken for a node only by pid and start time together. Several workers may act on one token
 * at once; the host's lock decides which process serves.
 */
import { builtinModel, builtinModelPath, DownloadError, llamaCpp } from '../../downloads/index.ts';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { isBuiltinModel } from '../../domain/builtin-model.ts';
import { type CapacityProvider, type NodeObservation, type NodeSpec, ProviderError } from '../provider.ts';
import { type HostSpec, listNodeFolders, NodeFolder } from './node-folder.ts';
import { observeNode } from './observe-node.ts';
import { redactor } from './redact.ts';
import { spawnHost } from './spawn-host.ts';
import { stopNode } from './stop-all-nodes.ts';
import { lastLines } from './last-lines.ts';

const RELEASE_GRACE_MS = 5_000;

export interface LocalProviderOptions {
  home: string;
  /** Where pinned downloads are kept. */
  downloads: string;
  hub: { endpoint: string; token: string | null };
  local: { runtimeCommand: string | null; threads: number | null; python: string };
}

export class LocalProvider implements CapacityProvider {
  readonly name = 'local';
  readonly #options: LocalProviderOptions;

  constructor(options: LocalProviderOptions) {
    this.#options = options;
  }

  async prepare(): Promise<void> {
    if (this.#options.local.runtimeCommand) return;
    await Promise.all([this.#pythonPath(), this.#fetchBuiltinModel()]);
  }

  async launch(spec: NodeSpec): Promise<NodeObservation> {
    const folder = this.#folder(spec.token);
    await folder.create(this.#hostSpec(spec, new Date().toISOString()));
    const node = await observeNode(folder);
    // Launched before, whatever became of it since; only a launch that got no further is continued.
    if (node?.status || node?.observation.state === 'stopped') return node.observation;
    return this.#bringUp(folder, spec);
  }

  async describe(token: string): Promise<NodeObservation | null> {
    return (await observeNode(this.#folder(token)))?.observation ?? null;
  }

  async stop(token: string, graceSeconds: number): Promise<NodeObservation | null> {
    await stopNode(this.#folder(token), graceSeconds * 1000);
    return this.describe(token);
  }

  async start(spec: NodeSpec): Promise<NodeObservation> {
    const folder = this.#folder(spec.token);
    const node = await observeNode(folder);
    if (!node) throw nodeGone(spec);
    if (node.observation.state === 'running') return node.observation;
    // Ends what is half stopped, and children that a dead wrapper left, which would hold the lock.
    await stopNode(folder, 0);
    await folder.writeSpec(this.#hostSpec(spec, node.spec.launchedAt));
    await folder.clearStop();
    return this.#bringUp(folder, spec);
  }

  async release(token: string): Promise<void> {
    const folder = this.#folder(token);
    await stopNode(folder, RELEASE_GRACE_MS);
    await folder.remove();
  }

  async list(installationId: string): Promise<NodeObservation[]> {
    const folders = await listNodeFolders(this.#options.home);
    const nodes = await Promise.all(folders.map(observeNode));
    return nodes.flatMap((node) => (node?.spec.installationId === installationId ? [node.observation] : []));
  }

  async logs(token: string, linesMax: number): Promise<string[]> {
    const folder = this.#folder(token);
    const spec = await folder.readSpec();
    if (!spec) return [];
    const redact = redactor([spec.secret, spec.hub.token, ...Object.values(spec.env)]);
    return (await lastLines(folder.logFile, linesMax)).map(redact);
  }

  async #bringUp(folder: NodeFolder, spec: NodeSpec): Promise<NodeObservation> {
    const { python, runtimeCommand } = this.#options.local;
    if (!runtimeCommand && isBuiltinModel(spec.model)) await this.#fetchBuiltinModel();
    await spawnHost(folder, { python, pythonPath: runtimeCommand ? null : await this.#pythonPath() });
    const node = await observeNode(folder);
    if (!node) throw nodeGone(spec);
    return node.observation;
  }

  #hostSpec(spec: NodeSpec, launchedAt: string): HostSpec {
    const { home, downloads, hub, local } = this.#options;
    return {
      installationId: spec.installationId,
      endpointId: spec.endpointId,
      nodeId: spec.nodeId,
      token: spec.token,
      launchedAt,
      model: spec.model,
      revision: spec.revision,
      files: spec.files.map((file) => ({ ...file })),
      contextLength: spec.contextLength,
      concurrency: spec.concurrency,
      threads: local.threads ?? Math.max(1, availableParallelism() - 1),
      runtimeArgs: [...spec.runtimeArgs],
      env: { ...spec.env },
      secret: spec.secret,
      hub: { endpoint: hub.endpoint, token: spec.huggingFaceToken ?? hub.token },
      modelsFolder: path.join(home, 'models'),
      builtinModelPath: isBuiltinModel(spec.model) ? builtinModelPath(downloads) : null,
      runtimeCommand: local.runtimeCommand,
    };
  }

  #folder(token: string): NodeFolder {
    return new NodeFolder(this.#options.home, token);
  }

  async #pythonPath(): Promise<string> {
    return (await asProviderError(llamaCpp(this.#downloadOptions()))).pythonPath;
  }

  async #fetchBuiltinModel(): Promise<void> {
    await asProviderError(builtinModel(this.#downloadOptions()));
  }

  #downloadOptions() {
    return { folder: this.#options.downloads, python: this.#options.local.python };
  }
}

function nodeGone(spec: NodeSpec): ProviderError {
  return new ProviderError('transient', 'node_lost', `Node ${spec.nodeId} is gone from this machine.`);
}

async function asProviderError<T>(download: Promise<T>): Promise<T> {
  try {
    return await download;
  } catch (cause) {
    if (cause instanceof DownloadError)
      throw new ProviderError('transient', 'runtime_unavailable', cause.message, { cause });
    throw cause;
  }
}
