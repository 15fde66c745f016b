/**
 * Published outcomes beside what sizing says of them. Tests hold the totals, `npm run bench:sizing` prints the rows.
 */
import { readFileSync } from 'node:fs';
import { gatherFacts } from '../../../domain/sizing/gather-facts.ts';
import { type Fit, fitOnGpu, requiredMarginBytes } from '../../../domain/sizing/memory.ts';
import { readModelShape } from '../../../domain/sizing/model-shape.ts';
import { type NameHint, hintFromName } from '../../../domain/sizing/name-hints.ts';
import type { ModelFacts, SizingPlan } from '../../../domain/sizing/plan.ts';
import { planSizing } from '../../../domain/sizing/plan-sizing.ts';
import { UNQUANTIZED } from '../../../domain/sizing/quantization.ts';
import { GIB } from '../../../domain/sizing/units.ts';
import { UserError } from '../../../domain/errors.ts';
import { type GpuTier, gpuTiersFor } from '../../../domain/tiers.ts';

function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../fixtures/sizing/${name}.json`, import.meta.url), 'utf8'));
}

export const LADDER: readonly GpuTier[] = gpuTiersFor({ providers: ['aws', 'gcp'] });

interface FitCase {
  case: string;
  expected: boolean;
  weight_bytes: number;
  config: Record<string, unknown>;
  gpu_usable_gib: number;
  gpus: number;
  max_model_len: number;
  sequences: number;
  kv_bytes_per_elem: 1 | 2;
  gpu_memory_utilization: number;
  enforce_eager: boolean;
  max_num_batched_tokens: number;
  max_num_seqs: number;
  source: string;
}

export interface FitResult {
  case: string;
  source: string;
  expected: boolean;
  fit: Fit;
  right: boolean;
  /** Would be chosen without asking: fits, with the margin. */
  withMargin: boolean;
  /** Published for another runtime than the one that the formula is about; counted all the same. */
  isOtherRuntime: boolean;
}

export const fitCases: readonly FitCase[] = (fixture('fit-cases') as { cases: FitCase[] }).cases;

export function fitResult(row: FitCase): FitResult {
  const gpu = { usableMemoryBytes: row.gpu_usable_gib * GIB, computeCapability: 9 };
  const shape = readModelShape(row.config);
  if (!shape) throw new Error(`${row.case}: no shape`);
  const fit = fitOnGpu(
    { weightsBytes: row.weight_bytes, shape, parameters: row.weight_bytes / 2, quantization: UNQUANTIZED },
    gpu,
    {
      tensorParallel: row.gpus,
      maxNumSeqs: row.max_num_seqs,
      maxBatchedTokens: row.max_num_batched_tokens,
      gpuMemoryUtilization: row.gpu_memory_utilization,
      kvBytesPerElement: row.kv_bytes_per_elem,
      enforceEager: row.enforce_eager,
    },
    { contextLength: row.max_model_len, sequences: row.sequences },
  );
  const withMargin = fit.fits && fit.marginBytes >= requiredMarginBytes(gpu);
  return {
    case: row.case,
    source: row.source,
    expected: row.expected,
    fit,
    right: fit.fits === row.expected,
    withMargin,
    isOtherRuntime: row.case.includes('TRT-LLM'),
  };
}

interface ModelRow {
  id: string;
  stored: string;
  weightBytes: number;
  config: Record<string, unknown>;
  knownGood: { gpu: string; count: number; memoryGb: number; claimsFit: boolean }[];
}

export const models: readonly ModelRow[] = (fixture('models') as { models: ModelRow[] }).models;

export interface ModelResult {
  id: string;
  stored: string;
  facts: ModelFacts;
  plan: SizingPlan | null;
  /** The code of the error, where there is no plan. */
  refused: string | null;
  /** Rungs above the least that is published; null where no row is meant as a least. */
  rungsOver: number | null;
  /** Nominal memory, GB. */
  chosenGb: number | null;
  publishedGb: number;
}

/** What the collector left out of a config: the repository's own section would be there. */
const SECTION: Readonly<Record<string, Record<string, unknown>>> = {
  fp8: { quant_method: 'fp8' },
  int4: { quant_method: 'gptq', bits: 4 },
  int8: { quant_method: 'gptq', bits: 8 },
  nvfp4: { quant_method: 'modelopt', quant_algo: 'NVFP4' },
  mxfp4: { quant_method: 'mxfp4' },
};

export function factsOfRow(row: ModelRow): ModelFacts {
  const section = row.config['quantization_config'] ?? SECTION[row.stored];
  return factsAsCollected(section ? { ...row, config: { ...row.config, quantization_config: section } } : row);
}

/** Without what the collector left out: two thirds of the quantized rows do not say in their config that they are. */
export function factsAsCollected(row: ModelRow): ModelFacts {
  return gatherFacts({
    model: row.id,
    revision: null,
    files: [{ path: 'model.safetensors', sizeBytes: row.weightBytes, sha256: null }],
    index: null,
    config: row.config,
    modelopt: null,
    safetensors: null,
    pipelineTag: null,
  });
}

export function modelResult(row: ModelRow): ModelResult {
  const facts = factsOfRow(row);
  const claims = row.knownGood.filter(({ claimsFit }) => claimsFit);
  const publishedGb = Math.min(...(claims.length > 0 ? claims : row.knownGood).map(({ memoryGb }) => memoryGb));
  const common = { id: row.id, stored: row.stored, facts, publishedGb };
  try {
    const plan = planSizing(facts, { tiers: LADDER });
    const chosenGb = nominalGb(plan.tier);
    const rungsOver = claims.length === 0 ? null : rungOf(chosenGb) - rungOf(publishedGb);
    return { ...common, plan, refused: null, rungsOver, chosenGb };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...common, plan: null, refused: error.code, rungsOver: null, chosenGb: null };
  }
}

/**
 * Machines by how much they hold, GB: each rung is about twice the one before, so that 80 and 96, or 160 and 192,
 * are the same.
 */
const RUNGS_GB = [24, 48, 96, 192, 384, 768, 1128, 1440];

function rungOf(memoryGb: number): number {
  const at = RUNGS_GB.findIndex((rung) => memoryGb <= rung);
  return at === -1 ? RUNGS_GB.length : at;
}

const NOMINAL_GB: Readonly<Record<string, number>> = {
  l4: 24,
  a10g: 24,
  l40s: 48,
  'rtx-pro-6000': 96,
  'a100-40': 40,
  'a100-80': 80,
  h100: 80,
  h200: 141,
  b200: 180,
};

function nominalGb(tier: string): number {
  const { gpu, count } = /^(?<gpu>.+)-(?<count>\d)x$/.exec(tier)?.groups ?? {};
  return (NOMINAL_GB[gpu ?? ''] ?? 0) * Number(count);
}

interface NameRow {
  name: string;
  parameters: number;
  bitsPerParameter: number | null;
  from: 'name' | 'table';
}

export const names: readonly NameRow[] = (fixture('names') as { names: NameRow[] }).names;

export interface NameResult {
  name: string;
  parameters: number;
  hint: NameHint | null;
  /** Share that the hint is off. */
  off: number | null;
  right: boolean;
}

/** A table must be right within 5 %, a rule about letters within 15 %. */
export function nameResult(row: NameRow): NameResult {
  const hint = hintFromName(row.name);
  const off = hint ? Math.abs(hint.parameters / row.parameters - 1) : null;
  const right = off !== null && off <= (row.from === 'table' || hint?.from === 'family-table' ? 0.05 : 0.15);
  return { name: row.name, parameters: row.parameters, hint, off, right };
}
