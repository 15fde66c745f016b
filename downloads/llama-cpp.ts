/** llama.cpp's own HTTP server as a Python module (xllamacpp, MIT), used by way of PYTHONPATH. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import { type DownloadOptions, unpackedWheel, type Wheel } from './wheel.ts';

const WHEEL: Wheel = {
  title: 'llama.cpp (xllamacpp)',
  project: 'xllamacpp',
  version: '2026.10.11549',
  sha256: [
    'c54e7d13520ecc989c63dc99d55de3065e2f343a91f43f053d16b5e62077c261', // Linux x86_64
    'e2a3e79e775515de4ad197e667f874070446ef9ac9cf2044bc9866bc4c72289e', // Linux aarch64
    '4ecda27a308b2403aa13c9d04b270befab95edc556c24ed00b2f8a98bd7f6781', // macOS 13 arm64
    '1f2a08052bb653659bcf1bedbbaf86b97f41dd46aa2763d596d7f27c5d89a689', // macOS 13 x86_64
  ],
};

export interface LlamaCpp {
  /** What PYTHONPATH must name for `import xllamacpp`. */
  pythonPath: string;
  version: string;
}

export async function llamaCpp(options: DownloadOptions): Promise<LlamaCpp> {
  const pythonPath = await unpackedWheel(WHEEL, options, async (unpacked) => {
    await access(path.join(unpacked, 'xllamacpp', '__init__.py'));
  });
  return { pythonPath, version: WHEEL.version };
}
