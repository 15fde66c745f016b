/**
 * Sizing: from what is known of a model to the hardware it needs, with the reasons. Pure.
 */
import type { PlacementCandidate } from '../endpoint.ts';

/** One file of the chosen set of weights. */
export interface WeightsFile {
  path: string;
  sizeBytes: number;
  /** Hex SHA-256 when the Hub tells it (LFS files), else null. */
  sha256: string | null;
}

/** What is known of a model before sizing it. */
export interface ModelFacts {
  model: string;
  /** The commit the files were listed at, so that every node loads the same bytes; null when unknown. */
  revision: string | null;
  files: readonly WeightsFile[];
  /** Where the facts came from, and so how sure they are. */
  source: 'metadata' | 'name-hint' | 'builtin';
}

/** What one machine offers. */
export interface MachineMemory {
  tier: string;
  /** Bytes a runtime can really use. */
  usableMemoryBytes: number;
  candidates: readonly PlacementCandidate[];
}

export interface SizingPlan {
  model: string;
  revision: string | null;
  source: ModelFacts['source'];
  tier: string;
  tensorParallel: number;
  weightsBytes: number;
  kvCacheBytes: number;
  overheadBytes: number;
  requiredMemoryBytes: number;
  usableMemoryBytes: number;
  contextLength: number;
  /** Requests that a node works on at once. */
  concurrency: number;
  volumeGiB: number;
  files: readonly WeightsFile[];
  /** Where to try, in order. */
  candidates: readonly PlacementCandidate[];
  /** Sentences that say why, for the user. */
  reasons: readonly string[];
}
