/**
 * Sizing: from what is known of a model to the hardware it needs, with the reasons. Pure.
 *
 * gather-facts.ts makes facts out of what the Hub said, plan-sizing.ts a plan for GPUs out of facts, local-cpu.ts a
 * plan for this machine. Fields marked optional are absent in plans and facts that were stored before they existed.
 * Fails with `hardware_undetermined`, `model_unsupported`, `model_too_large`, each with what to do.
 */
import type { PlacementCandidate } from '../endpoint.ts';
import type { MemoryPerGpu, Workload } from './memory.ts';
import type { ModelShape } from './model-shape.ts';
import type { Quantization } from './quantization.ts';

/** How a set of weights is stored. */
export type FileFormat = 'safetensors' | 'consolidated' | 'pytorch' | 'gguf';

/** One file of the chosen set of weights. */
export interface WeightsFile {
  path: string;
  sizeBytes: number;
  /** Hex SHA-256 when the Hub tells it (LFS files), else null. */
  sha256: string | null;
}

/**
 * How sure a plan is. High: exact bytes and the model's own shape. Medium: bytes or a published number of
 * parameters, the rest a bound. Low: a rule about the letters of a name.
 */
export type Confidence = 'high' | 'medium' | 'low';

/** What is known of a model before sizing it. */
export interface ModelFacts {
  model: string;
  /** The commit the files were listed at, so that every node loads the same bytes; null when unknown. */
  revision: string | null;
  files: readonly WeightsFile[];
  /** Where the facts came from, and so how sure they are. */
  source: 'metadata' | 'name-hint' | 'builtin';
  /** Bytes of weights where they are not the sum of `files`: from a name, or with an adapter on top. */
  weightsBytes?: number;
  /** Where the bytes come from, in words. */
  weightsSource?: string;
  parameters?: number;
  shape?: ModelShape | null;
  quantization?: Quantization;
  format?: FileFormat | null;
  confidence?: Confidence;
  /** The repository brings Python code that its config asks to run. */
  needsRemoteCode?: boolean;
  /** Facts that the user should see beside the plan. */
  notes?: readonly string[];
}

/** What one machine offers. */
export interface MachineMemory {
  tier: string;
  /** Bytes a runtime can really use. */
  usableMemoryBytes: number;
  candidates: readonly PlacementCandidate[];
}

/** Another tier that would do. */
export interface SizingAlternative {
  tier: string;
  title: string;
  tensorParallel: number;
  /** Bytes left on each GPU beyond the workload. */
  marginBytesPerGpu: number;
  /** Micro-dollars per hour; null when unknown. */
  usdMicrosPerHour: number | null;
  priceSource: string;
  priceDate: string | null;
}

export interface SizingPlan {
  model: string;
  revision: string | null;
  source: ModelFacts['source'];
  tier: string;
  tensorParallel: number;
  /** These five are for the whole node, over all its GPUs. */
  weightsBytes: number;
  kvCacheBytes: number;
  overheadBytes: number;
  requiredMemoryBytes: number;
  usableMemoryBytes: number;
  /** Tokens per sequence that the runtime is started with. */
  contextLength: number;
  /** Requests that a node works on at once. */
  concurrency: number;
  volumeGiB: number;
  files: readonly WeightsFile[];
  /** Where to try, in order. */
  candidates: readonly PlacementCandidate[];
  /** Sentences that say why, for the user. */
  reasons: readonly string[];
  confidence?: Confidence;
  /** What the tier was chosen for; `contextLength` is then made as long as fits. */
  workload?: Workload;
  memoryPerGpu?: MemoryPerGpu;
  marginBytesPerGpu?: number;
  /** Price of one node; null when unknown. */
  usdMicrosPerHour?: number | null;
  priceSource?: string;
  priceDate?: string | null;
  alternatives?: readonly SizingAlternative[];
  /** Arguments for the runtime that follow from model and tier. */
  runtimeFlags?: readonly string[];
  /** What works less well than it could, for the user. */
  warnings?: readonly string[];
}
