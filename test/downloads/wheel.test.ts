import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { unpackedWheel, type Wheel } from '../../downloads/wheel.ts';

const WHEEL: Wheel = { title: 'The thing', project: 'thing', version: '1.2', sha256: ['a'.repeat(64), 'b'.repeat(64)] };
const accepted = async () => {};

/** A stand-in for Python: knows `-m pip download … -d FOLDER -r FILE` and `-m zipfile -e ARCHIVE FOLDER`. */
const FAKE_PYTHON = `#!/bin/sh
echo "$2" >> "$(dirname "$0")/calls"
if [ "$2" = pip ]; then
  while [ "$1" != -d ]; do shift; done
  mkdir -p "$2" && cp "$4" "$2/thing-1.2.whl"
else
  mkdir -p "$5" && cp "$4" "$5/content.txt"
fi
`;

describe('a pinned wheel', () => {
  let root: string;
  let folder: string;

  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), 'hypervize-wheel-'));
    folder = path.join(root, 'downloads');
  });
  afterEach(async () => rm(root, { recursive: true, force: true }));

  async function python(script: string): Promise<string> {
    const file = path.join(root, 'python');
    await writeFile(file, script);
    await chmod(file, 0o755);
    return file;
  }

  it('is asked for by version and by every platform’s hash, and lies unpacked under its name', async () => {
    const options = { folder, python: await python(FAKE_PYTHON) };
    const content = await unpackedWheel(WHEEL, options, accepted);
    expect(content).toBe(path.join(folder, 'thing-1.2'));
    const requirements = await readFile(path.join(content, 'content.txt'), 'utf8');
    expect(requirements).toBe(`thing==1.2 --hash=sha256:${'a'.repeat(64)} --hash=sha256:${'b'.repeat(64)}\n`);
    expect(await readdir(folder)).toEqual(['thing-1.2']);
  });

  it('is not fetched again, nor twice by those who ask at the same time', async () => {
    const options = { folder, python: await python(FAKE_PYTHON) };
    const asked = await Promise.all([1, 2, 3].map(() => unpackedWheel(WHEEL, options, accepted)));
    expect(new Set(asked).size).toBe(1);
    await unpackedWheel(WHEEL, options, accepted);
    expect(await readFile(path.join(root, 'calls'), 'utf8')).toBe('pip\nzipfile\n');
  });

  it('that does not pass its check is not kept', async () => {
    const options = { folder, python: await python(FAKE_PYTHON) };
    const refuse = async () => {
      throw new Error('not what it should be');
    };
    await expect(unpackedWheel(WHEEL, options, refuse)).rejects.toThrow('not what it should be');
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    { says: 'No module named pip', sentence: /with pip, which .* lacks: install it with/ },
    { says: 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES', sentence: /not the file that was pinned/ },
    { says: 'ERROR: No matching distribution found for thing==1.2', sentence: /could not be found for this machine/ },
    { says: 'ERROR: connection refused', sentence: /could not be downloaded \(ERROR: connection refused\)/ },
  ])('that pip refuses with "$says" fails with one sentence', async ({ says, sentence }) => {
    const options = { folder, python: await python(`#!/bin/sh\necho '${says}' >&2\nexit 1\n`) };
    await expect(unpackedWheel(WHEEL, options, accepted)).rejects.toThrow(sentence);
    expect(await readdir(folder)).toEqual([]);
  });

  it('says what to install when there is no Python', async () => {
    const options = { folder, python: path.join(root, 'no-python') };
    await expect(unpackedWheel(WHEEL, options, accepted)).rejects.toThrow(/install Python 3.10 or newer with/);
  });
});
