/**
 * The GPUs of the ladder. Usable memory is what a runtime finds free on an idle card, not the number on the box:
 * the "total capacity" of public vLLM logs where there is one, else the provider's own figure less what the logs
 * of its sisters lose.
 */
export interface Gpu {
  name: string;
  /** GiB on the box, as people speak of it. */
  nominalMemoryGiB: number;
  usableMemoryGiB: number;
  usableMemorySource: string;
  /** CUDA compute capability, e.g. 8.9. */
  computeCapability: number;
  /** Whether GPUs of one machine are joined faster than by PCIe. */
  hasNvlink: boolean;
}

const FROM_LOGS = 'total capacity in public vLLM logs';
const FROM_MEMORY = 'general knowledge, not confirmed by a log';

export const GPUS = {
  l4: gpu('NVIDIA L4', 24, 22.0, 8.9, FROM_MEMORY),
  a10g: gpu('NVIDIA A10G', 24, 22.3, 8.6, FROM_MEMORY),
  l40s: gpu('NVIDIA L40S', 48, 44.4, 8.9, FROM_MEMORY),
  'rtx-pro-6000': gpu('NVIDIA RTX PRO 6000', 96, 94.9, 12.0, 'EC2 DescribeInstanceTypes (95.59 GiB) less 0.7 %'),
  'a100-40': gpu('NVIDIA A100 40 GB', 40, 39.4, 8.0, FROM_LOGS),
  'a100-80': gpu('NVIDIA A100 80 GB', 80, 79.15, 8.0, FROM_LOGS),
  h100: gpu('NVIDIA H100', 80, 79.2, 9.0, FROM_LOGS),
  h200: gpu('NVIDIA H200', 141, 139.8, 9.0, FROM_MEMORY),
  b200: gpu('NVIDIA B200', 180, 178.4, 10.0, FROM_MEMORY),
} as const satisfies Record<string, Gpu>;

export type GpuId = keyof typeof GPUS;

export function isGpuId(value: string): value is GpuId {
  return Object.hasOwn(GPUS, value);
}

function gpu(
  name: string,
  nominalMemoryGiB: number,
  usableMemoryGiB: number,
  computeCapability: number,
  usableMemorySource: string,
): Gpu {
  // Ada cards and workstation Blackwell have none, nor have A10G.
  const hasNvlink = [8.0, 9.0, 10.0].includes(computeCapability);
  return { name, nominalMemoryGiB, usableMemoryGiB, usableMemorySource, computeCapability, hasNvlink };
}
