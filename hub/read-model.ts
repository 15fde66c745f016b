/**
 * Reads all that sizing wants to know of a model, in three to five requests: its info (at which commit, for whom),
 * the list of its files, and those small JSON files among them that matter. An adapter's base is read the same way.
 */
import { listFiles, modelInfo } from '@huggingface/hub';
import { gatherFacts } from '../domain/sizing/gather-facts.ts';
import { field, readRecord } from '../domain/sizing/narrow.ts';
import type { ModelFacts, WeightsFile } from '../domain/sizing/plan.ts';
import { isAdapter } from '../domain/sizing/weights.ts';
import { isModelId } from '../domain/model-id.ts';
import { type Conversation, boundedFetch } from './bounded-fetch.ts';
import { type HubFailure, asHubFailure } from './hub-failure.ts';
import {
  type ModelReading,
  type RepositoryState,
  baseModelOf,
  isOfInterest,
  parameterCounts,
  parseJson,
  readFileEntry,
  readState,
  readTask,
  shardNames,
} from './reading.ts';

/** Beyond this many a list is taken for one that cannot be had: a part of it could make a model look small. */
const FILES_MAX = 10_000;

export interface ReadingWish {
  model: string;
  revision: string | null;
  /** What an earlier reading found; when that is how it still is, nothing else is asked. */
  known?: RepositoryState | null;
}

/** @throws HubFailure `missing`, `unavailable`; what is denied or unusable is left out of the reading and named in it */
export async function readModel(talk: Conversation, wish: ReadingWish): Promise<ModelReading | 'unchanged'> {
  const ask = boundedFetch(talk);
  const info = await attempt(() => readInfo(talk.endpoint, ask, wish));
  if (info instanceof Error) return unread(wish, info);
  if (wish.known && isSame(wish.known, info.state)) return 'unchanged';
  return readFiles({ ...talk, ask }, wish, info, true);
}

/** The value, or the failure when the reading can go on without it. */
async function attempt<T>(question: () => Promise<T>): Promise<T | HubFailure> {
  try {
    return await question();
  } catch (error) {
    const failure = asHubFailure(error);
    if (failure.trouble === 'missing' || failure.trouble === 'unavailable') throw failure;
    return failure;
  }
}

function isSame(a: RepositoryState, b: RepositoryState): boolean {
  return a.commit !== null && a.commit === b.commit && a.gated === b.gated && a.private === b.private;
}

interface Info {
  state: RepositoryState;
  task: string | null;
  safetensors: unknown;
  base: string | null;
}

async function readInfo(hubUrl: string, ask: typeof fetch, { model, revision }: ReadingWish): Promise<Info> {
  const info = await modelInfo({
    name: model,
    hubUrl,
    fetch: ask,
    additionalFields: ['sha', 'safetensors', 'cardData', 'tags'],
    ...(revision === null ? {} : { revision }),
  });
  return {
    state: readState(info),
    task: readTask(info.task),
    safetensors: parameterCounts(info.safetensors),
    base: baseModelOf(info.cardData, info.tags),
  };
}

type Asking = Conversation & { ask: typeof fetch };

/** @param mayHaveBase false for a base itself: one adapter on another is not followed */
async function readFiles(talk: Asking, wish: ReadingWish, info: Info, mayHaveBase: boolean): Promise<ModelReading> {
  const { model } = wish;
  const revision = info.state.commit ?? wish.revision;
  const files = await attempt(() => readListing(talk, model, revision));
  const listed = files instanceof Error ? [] : files;
  const json = (path: string) => readJsonFile(talk, model, revision, listed, path);
  const isLora = isAdapter(listed);
  const [config, modelopt, index, base] = await Promise.all([
    isLora ? null : json('config.json'),
    isLora ? null : json('hf_quant_config.json'),
    needsIndex(listed) ? json('model.safetensors.index.json') : null,
    isLora && mayHaveBase ? readBase(talk, info.base ?? baseIn(await json('adapter_config.json'))) : null,
  ]);
  const failures = [files, config, modelopt, index].filter((part): part is HubFailure => part instanceof Error);
  return {
    evidence: {
      model,
      revision,
      files: files instanceof Error ? null : listed,
      index: index instanceof Error ? null : shardNames(index),
      config: config instanceof Error ? null : config,
      modelopt: modelopt instanceof Error ? null : modelopt,
      safetensors: info.safetensors,
      pipelineTag: info.task,
      ...(base ? { base: base.facts } : {}),
    },
    // What is known by reading a base that is not for everybody is not for everybody either.
    state: { ...info.state, gated: info.state.gated || (base?.isGated ?? false) },
    trouble: failures.some(({ trouble }) => trouble === 'denied')
      ? 'denied'
      : failures.length > 0
        ? 'unusable'
        : (base?.trouble ?? null),
  };
}

async function readListing(talk: Asking, model: string, revision: string | null): Promise<WeightsFile[]> {
  const files: WeightsFile[] = [];
  let seen = 0;
  for await (const entry of listFiles({
    repo: model,
    recursive: true,
    hubUrl: talk.endpoint,
    fetch: talk.ask,
    ...(revision === null ? {} : { revision }),
  })) {
    const file = readFileEntry(entry);
    if (file && isOfInterest(file.path)) files.push(file);
    if (++seen > FILES_MAX) throw new Error('too many files');
  }
  return files;
}

/** One set of shards names itself; an index of several megabytes is read only where there are more. */
function needsIndex(files: readonly WeightsFile[]): boolean {
  const sets = files.flatMap(({ path }) => /^([^/]+)-\d{5}-of-(\d{5})\.safetensors$/.exec(path)?.slice(1).join() ?? []);
  return new Set(sets).size > 1 || (sets.length > 0 && files.some(({ path }) => path === 'model.safetensors'));
}

/** The parsed file, null when the repository has none (or it is no JSON), or why it cannot be read. */
async function readJsonFile(
  talk: Asking,
  model: string,
  revision: string | null,
  files: readonly WeightsFile[],
  path: string,
): Promise<unknown> {
  if (!files.some((file) => file.path === path)) return null;
  return attempt(async () => {
    const response = await talk.ask(fileUrl(talk.endpoint, model, revision, path));
    return parseJson(await response.text());
  });
}

export function fileUrl(endpoint: string, model: string, revision: string | null, path: string): string {
  const place = path.split('/').map(encodeURIComponent).join('/');
  return `${endpoint}/${model}/resolve/${encodeURIComponent(revision ?? 'main')}/${place}`;
}

function baseIn(adapterConfig: unknown): string | null {
  const name = field(readRecord(adapterConfig), 'base_model_name_or_path');
  return typeof name === 'string' ? name : null;
}

interface BaseReading {
  facts: ModelFacts;
  isGated: boolean;
  trouble: ModelReading['trouble'];
}

/** Null when nothing is known of it; then the adapter cannot be sized. */
async function readBase(talk: Asking, model: string | null): Promise<BaseReading | null> {
  if (model === null || !isModelId(model)) return null;
  const wish = { model, revision: null };
  const reading = await attempt(async () => {
    const info = await readInfo(talk.endpoint, talk.ask, wish);
    return readFiles(talk, wish, info, false);
  }).catch((failure: HubFailure) => {
    // A base that was deleted, or is private, is still known by its name.
    if (failure.trouble === 'missing') return failure;
    throw failure;
  });
  const { evidence, state, trouble } = reading instanceof Error ? unread(wish, reading) : reading;
  return { facts: gatherFacts({ ...evidence, pipelineTag: null }), isGated: state.gated || state.private, trouble };
}

/** Nothing but a name. */
function unread({ model, revision }: ReadingWish, failure: HubFailure): ModelReading {
  return {
    evidence: {
      model,
      revision,
      files: null,
      index: null,
      config: null,
      modelopt: null,
      safetensors: null,
      pipelineTag: null,
    },
    state: { commit: null, gated: true, private: false },
    trouble: failure.trouble === 'unusable' ? 'unusable' : 'denied',
  };
}
