/**
 * The disk of a cloud node: the chosen weights, the runtime's image (40 GB), the system (20 GB), compile caches and
 * logs (10 GB). Compared with KAITO's weights + 80 GiB and SkyPilot's fixed 512 GB for gpt-oss-120b.
 *
 * Disks of the machine itself (instance store) do not count: they are lost when an endpoint falls asleep, and the
 * weights must not be.
 */
const GB = 1e9;
const BESIDES_GB = 40 + 20 + 10;
const VOLUME_GB_MIN = 100;

/** @param rewrites whether the weights are written a second time (merging an adapter, joining GGUF parts) */
export function volumeGiB(weightsBytes: number, rewrites = false): number {
  const weightsGb = ((weightsBytes * 1.05) / GB) * (rewrites ? 2 : 1);
  return Math.max(VOLUME_GB_MIN, Math.ceil((weightsGb + BESIDES_GB) / 10) * 10);
}
