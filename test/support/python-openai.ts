/** The official Python client, installed beside the repository's other caches, unless pip cannot. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from './product.ts';

const run = promisify(execFile);
const PYTHON = process.env['PYTHON'] ?? 'python3';
const FOLDER = path.join(REPOSITORY, '.cache/python-openai');
const INSTALL_TIMEOUT_MS = 180_000;

/** The folder to put on PYTHONPATH, or null with the reason on stderr. */
export async function installPythonOpenai(): Promise<string | null> {
  const installed = await access(path.join(FOLDER, 'openai')).then(
    () => true,
    () => false,
  );
  if (installed) return FOLDER;
  try {
    await run(
      PYTHON,
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', FOLDER, 'openai==2.*'],
      {
        timeout: INSTALL_TIMEOUT_MS,
      },
    );
    return FOLDER;
  } catch (error) {
    process.stderr.write(
      `the Python client could not be installed, its case is left out: ${String(error).slice(0, 300)}\n`,
    );
    return null;
  }
}

/** One answer whole and one streamed, without retries, as `[whole, streamed, number of chunks]`. */
const SCRIPT = `
import json, sys
from openai import OpenAI
client = OpenAI(base_url=sys.argv[1], api_key=sys.argv[2], max_retries=0, timeout=120)
messages = [{"role": "user", "content": "Say hi"}]
whole = client.chat.completions.create(model="any", messages=messages, max_tokens=8, temperature=0)
chunks = [c for c in client.chat.completions.create(model="any", messages=messages, max_tokens=8, temperature=0, stream=True)]
text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
print(json.dumps({"whole": whole.choices[0].message.content, "streamed": text, "chunks": len(chunks), "models": [m.id for m in client.models.list()]}))
`;

export interface PythonAnswers {
  whole: string;
  streamed: string;
  chunks: number;
  models: string[];
}

export async function askWithPython(folder: string, baseUrl: string, key: string): Promise<PythonAnswers> {
  const { stdout } = await run(PYTHON, ['-c', SCRIPT, baseUrl, key], {
    env: { ...process.env, PYTHONPATH: folder },
    timeout: 150_000,
  });
  return JSON.parse(stdout) as PythonAnswers;
}
