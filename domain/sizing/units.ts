/** Bytes for people. */
export const GIB = 2 ** 30;
export const MIB = 2 ** 20;

export function gib(bytes: number): string {
  const size = Math.abs(bytes);
  return size >= GIB ? `${(bytes / GIB).toFixed(1)} GiB` : `${Math.ceil(bytes / MIB)} MiB`;
}
