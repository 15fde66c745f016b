/**
 * The linter's rules, tried one by one: a scratch copy of the folders gets one small file per forbidden and
 * per allowed import, is linted once with the real configuration, and each file must be told the right thing.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

type Verdict = 'values' | 'types' | 'nothing';

/** Who may import what of whom. Whatever is not named is `nothing`. */
const MAY_IMPORT: Record<string, Record<string, Verdict>> = {
  domain: {},
  workflows: { domain: 'values', activities: 'types' },
  downloads: { domain: 'values', 'log.ts': 'values', 'config.ts': 'types' },
  providers: { domain: 'values', downloads: 'values', 'log.ts': 'values', 'config.ts': 'types' },
  db: { domain: 'values', 'log.ts': 'values', 'config.ts': 'types' },
  temporal: { domain: 'values', 'workflows/contract.ts': 'values', 'log.ts': 'values', 'config.ts': 'types' },
  hub: { domain: 'values', 'log.ts': 'values', 'config.ts': 'types' },
  activities: {
    db: 'values',
    domain: 'values',
    hub: 'values',
    providers: 'values',
    'log.ts': 'values',
    'config.ts': 'types',
  },
  api: {
    db: 'values',
    domain: 'values',
    hub: 'values',
    temporal: 'values',
    'workflows/contract.ts': 'values',
    'workflows/search-attributes.ts': 'values',
    'log.ts': 'values',
    'config.ts': 'types',
  },
  worker: {
    activities: 'values',
    db: 'values',
    domain: 'values',
    downloads: 'values',
    hub: 'values',
    providers: 'values',
    temporal: 'values',
    workflows: 'values',
    'workflows/contract.ts': 'values',
    'log.ts': 'values',
    'config.ts': 'types',
  },
};
const FOLDERS = [...Object.keys(MAY_IMPORT), 'supervisor'];
const TARGETS = [...FOLDERS, 'web', 'test', 'config.ts', 'log.ts', 'workflows/contract.ts'];

const VALUE_IMPORTS: Record<string, (from: string) => string> = {
  import: (from) => `import { thing } from '${from}';\nexport const used = thing;\n`,
  reexport: (from) => `export { thing } from '${from}';\n`,
  dynamic: (from) => `export const used = () => import('${from}');\n`,
};
const typeImport = (from: string) => `import type { Thing } from '${from}';\nexport type Used = Thing;\n`;

/** `folder/file` → what is in it, and what the linter said of it. */
const probes = new Map<string, string>();
const complaints = new Map<string, string[]>();

/** Registers a file to be linted; gives back its path, by which its complaints are found. */
function probe(file: string, text: string): string {
  probes.set(file, text);
  return file;
}

function complaintsOf(file: string): string[] {
  return complaints.get(file) ?? [];
}

const restricted = expect.stringContaining('no-restricted-imports');
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'hypervize-lint-'));
  for (const [file, text] of probes) {
    await mkdir(path.join(scratch, path.dirname(file)), { recursive: true });
    await writeFile(path.join(scratch, file), text);
  }
  for (const file of ['oxlint.config.ts', 'tsconfig.json', 'package.json']) {
    await copyFile(path.join(ROOT, file), path.join(scratch, file));
  }
  await symlink(path.join(ROOT, 'node_modules'), path.join(scratch, 'node_modules'));
  for (const { filename, code, message } of await lint(scratch)) {
    complaints.set(filename, [...complaintsOf(filename), `${code}: ${message}`]);
  }
}, 60_000);
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe.each(Object.entries(MAY_IMPORT))('%s/', (folder, allowed) => {
  const targets = TARGETS.filter((target) => target !== folder && !target.startsWith(`${folder}/`));
  const cases = targets.map((target) => {
    const verdict = allowed[target] ?? 'nothing';
    const module = target.endsWith('.ts') ? target : `${target}/thing.ts`;
    return { target, verdict, files: probesOf(folder, module, verdict) };
  });
  it.each(cases)('may import $verdict from $target, however it is written', ({ files }) => {
    const found = files.map(({ file }) => ({ file, complaints: complaintsOf(file) }));
    expect(found).toEqual(files.map(({ file, forbidden }) => ({ file, complaints: forbidden ? [restricted] : [] })));
  });
});

/** One file per form of import, in the folder and in a subfolder of it. */
function probesOf(folder: string, module: string, verdict: Verdict): { file: string; forbidden: boolean }[] {
  const name = module.replaceAll(/\W/g, '-');
  return ['', 'deep/'].flatMap((depth) => {
    const from = `${depth ? '../../' : '../'}${module}`;
    const values = Object.entries(VALUE_IMPORTS).map(([form, text]) => ({
      file: probe(`${folder}/${depth}${name}-${form}.ts`, text(from)),
      forbidden: verdict !== 'values',
    }));
    const types = probe(`${folder}/${depth}${name}-type.ts`, typeImport(from));
    return [...values, { file: types, forbidden: verdict === 'nothing' }];
  });
}

describe('the import rules', () => {
  it('cover every folder with code', async () => {
    const entries = await readdir(ROOT, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory() && !/^(\.|node_modules$|coverage$)/.test(entry.name));
    const withCode: string[] = [];
    for (const { name } of folders) {
      const files = await readdir(path.join(ROOT, name), { recursive: true });
      if (files.some((file) => file.endsWith('.ts'))) withCode.push(name);
    }
    expect([...FOLDERS, 'web', 'test', 'bench']).toEqual(expect.arrayContaining(withCode));
  });

  const importsConfig = "import { loadConfig } from '../config.ts';\nexport const config = loadConfig();\n";
  it.each(
    ['api/server.ts', 'worker/main.ts', 'db/migrate.ts', 'supervisor/start.ts', 'supervisor/parts.ts'].map((file) =>
      probe(file, importsConfig),
    ),
  )('let the entry point %s read the configuration', (file) => {
    expect(complaintsOf(file)).toEqual([]);
  });

  const server = probe('supervisor/server.ts', "import { thing } from '../api/app.ts';\nexport const used = thing;\n");
  it('let the supervisor start processes, not import them', () => {
    expect(complaintsOf(server)).toEqual([restricted]);
  });

  it.each(
    ['node:fs', 'fs', 'zod', 'pg', '@temporalio/client', '@temporalio/activity', '@huggingface/hub'].map((name) => ({
      name,
      file: probe(
        `workflows/package-${name.replaceAll(/\W/g, '-')}.ts`,
        `import * as it from '${name}';\nexport { it };\n`,
      ),
    })),
  )('keep $name out of workflows', ({ file }) => {
    expect(complaintsOf(file)).toEqual([restricted]);
  });

  it.each(
    ['@temporalio/workflow', '@temporalio/common'].map((name) => ({
      name,
      file: probe(
        `workflows/sdk-${name.replaceAll(/\W/g, '-')}.ts`,
        `import * as it from '${name}';\nexport { it };\n`,
      ),
    })),
  )('let workflows use $name', ({ file }) => {
    expect(complaintsOf(file)).toEqual([]);
  });

  it.each(
    ['node:crypto', 'zod', '@temporalio/common'].map((name) => ({
      name,
      file: probe(
        `domain/package-${name.replaceAll(/\W/g, '-')}.ts`,
        `import * as it from '${name}';\nexport { it };\n`,
      ),
    })),
  )('keep $name out of domain', ({ file }) => {
    expect(complaintsOf(file)).toEqual([restricted]);
  });

  const web = {
    contractTypes: probe('web/client/types.ts', typeImport('../../api/contract.ts')),
    contractValues: probe('web/client/values.ts', VALUE_IMPORTS['import']?.('../../api/contract.ts') ?? ''),
    insides: probe('web/client/insides.ts', typeImport('../../api/deps.ts')),
    domain: probe('web/parts/badge.tsx', VALUE_IMPORTS['import']?.('../../domain/badge.ts') ?? ''),
    db: probe('web/parts/db.ts', typeImport('../../db/client.ts')),
  };
  it('let the dashboard have the pure rules and the types of the contract, and nothing else', () => {
    expect([complaintsOf(web.contractTypes), complaintsOf(web.domain)]).toEqual([[], []]);
    for (const file of [web.contractValues, web.insides, web.db]) expect(complaintsOf(file)).toContainEqual(restricted);
  });

  const acceptance = probe(
    'test/acceptance/cases/grey-box.ts',
    "import { thing } from '../../../db/client.ts';\nexport const used = thing;\n",
  );
  it('keep the product out of the black-box suite', () => {
    expect(complaintsOf(acceptance)).toEqual([restricted]);
  });

  const sibling = probe(
    'api/routes/own.ts',
    "import { thing } from './providers/thing.ts';\nexport const used = thing;\n",
  );
  it('do not mistake a subfolder for a folder of the root', () => {
    expect(complaintsOf(sibling)).toEqual([]);
  });
});

describe('the other rules', () => {
  const rules: Record<string, string> = {
    'no-floating-promises': 'async function run(): Promise<void> {}\nexport function forget(): void {\n  run();\n}\n',
    'no-explicit-any': 'export function take(value: any): unknown {\n  return value;\n}\n',
    'no-console': "export function tell(): void {\n  console.log('x');\n}\n",
    'ban-ts-comment': '// @ts-ignore\nexport const one: string = 1;\n',
    'no-process-env': "export const home = process.env['HOME'];\n",
  };
  it.each(Object.entries(rules).map(([rule, text]) => ({ rule, file: probe(`api/rule-${rule}.ts`, text) })))(
    '$rule is on',
    ({ rule, file }) => {
      expect(complaintsOf(file)).toEqual([expect.stringContaining(rule)]);
    },
  );

  const [first, second] = [
    probe('db/chicken.ts', "import { egg } from './egg.ts';\nexport const chicken = (): unknown => egg;\n"),
    probe('db/egg.ts', "import { chicken } from './chicken.ts';\nexport const egg = (): unknown => chicken;\n"),
  ];
  it('no-cycle is on', () => {
    const cycle = [expect.stringContaining('no-cycle')];
    expect([complaintsOf(first), complaintsOf(second)]).toEqual([cycle, cycle]);
  });
});

const Report = z.object({
  diagnostics: z.array(z.object({ filename: z.string(), code: z.string().default(''), message: z.string() })),
});

async function lint(folder: string) {
  const program = path.join('node_modules', 'oxlint', 'bin', 'oxlint');
  const run = promisify(execFile)(process.execPath, [program, '--type-aware', '--format', 'json'], {
    cwd: folder,
    maxBuffer: 64 * 2 ** 20,
  });
  // Complaints end the linter with 1, which is what is expected here.
  const { stdout } = await run.catch((error: { code?: unknown; stdout: string; stderr: string }) => {
    if (error.code === 1) return error;
    throw new Error(`oxlint failed: ${error.stdout}${error.stderr}`);
  });
  return Report.parse(JSON.parse(stdout)).diagnostics;
}
