/**
 * What the linter demands. The rules on who may import whom are a table here, tried one by one by
 * test/lint/import-rules.test.ts and told in words in CONTRIBUTING.md.
 */
import { defineConfig } from 'oxlint';

/** Folders or files, from the repository root. */
interface Allowance {
  values: readonly string[];
  /** `import type` only, beside what is in `values`. */
  types?: readonly string[];
}

const CONTRACT = ['workflows/contract.ts', 'workflows/search-attributes.ts'];

/** What each folder may import beside itself. What is not named here is forbidden. */
export const MAY_IMPORT: Readonly<Record<string, Allowance>> = {
  domain: { values: [] },
  workflows: { values: ['domain'], types: ['activities'] },
  downloads: { values: ['domain', 'log.ts'], types: ['config.ts'] },
  providers: { values: ['domain', 'downloads', 'log.ts'], types: ['config.ts'] },
  db: { values: ['domain', 'log.ts'], types: ['config.ts'] },
  temporal: { values: ['domain', 'log.ts', ...CONTRACT], types: ['config.ts'] },
  hub: { values: ['domain', 'log.ts'], types: ['config.ts'] },
  activities: { values: ['db', 'domain', 'hub', 'providers', 'log.ts'], types: ['config.ts'] },
  api: { values: ['db', 'domain', 'hub', 'temporal', 'log.ts', ...CONTRACT], types: ['config.ts'] },
  worker: {
    values: ['activities', 'db', 'domain', 'downloads', 'hub', 'providers', 'temporal', 'workflows', 'log.ts'],
    types: ['config.ts'],
  },
  /** Browser code: of the api only the types of its contract. */
  web: { values: ['domain'], types: ['api'] },
  supervisor: {
    values: ['db', 'domain', 'downloads', 'providers', 'temporal', 'log.ts', ...CONTRACT],
    types: ['config.ts'],
  },
};

/** The only files that read the configuration; everybody else is handed the part that they need. */
export const ENTRY_POINTS = ['api/server.ts', 'db/migrate.ts', 'supervisor/**', 'worker/main.ts'];

/** Packages by specifier. Workflows are replayed, so nothing may reach them that is not deterministic. */
const MAY_IMPORT_NO_PACKAGE: Readonly<Record<string, readonly RestrictedImport[]>> = {
  domain: [{ regex: '^[^.]', message: 'domain/ is pure: it imports no package and no node builtin.' }],
  workflows: [
    '^[^.@]',
    '^@([^t]|t[^e])',
    '^@temporalio/(activity|client|cloud|envconfig|nexus|proto|testing|worker)',
  ].map((regex) => ({
    regex,
    message: 'workflows/ imports @temporalio/workflow and @temporalio/common only: no node builtin, no zod.',
  })),
};

interface RestrictedImport {
  regex?: string;
  group?: string[];
  message: string;
  allowTypeImports?: boolean;
}

/** Everything that can be imported by a relative path. */
const TARGETS = [...Object.keys(MAY_IMPORT), 'test', 'config.ts', 'log.ts'];

function restrictedImports(folder: string, isEntryPoint = false): RestrictedImport[] {
  const allowance = MAY_IMPORT[folder] ?? { values: [] };
  const values = isEntryPoint ? [...allowance.values, 'config.ts'] : allowance.values;
  const restricted = TARGETS.filter((target) => target !== folder && !values.includes(target)).map((target) => {
    const files = values.filter((value) => value.startsWith(`${target}/`));
    return restrictedTarget(folder, target, files, allowance.types?.includes(target) ?? false);
  });
  return [...restricted, ...(MAY_IMPORT_NO_PACKAGE[folder] ?? [])];
}

function restrictedTarget(folder: string, target: string, files: string[], typesAllowed: boolean): RestrictedImport {
  if (files.length > 0) {
    return {
      group: [`**/${target}/**`, ...files.map((file) => `!**/${file}`)],
      message: `${folder}/ imports of ${target}/ only ${files.join(' and ')}.`,
    };
  }
  const slash = target.endsWith('.ts') ? '$' : '(/|$)';
  return {
    // Only paths that leave the own folder: a subfolder may be called like a folder of the root.
    regex: `^(\\./)?(\\.\\./)+${target.replace('.', '\\.')}${slash}`,
    message: typesAllowed ? `${folder}/ imports only types from ${target}.` : `${folder}/ does not import ${target}.`,
    allowTypeImports: typesAllowed,
  };
}

/** Whatever else the api is made of is no business of a browser, not even as a type. */
const NO_INSIDES_OF_API: RestrictedImport = {
  group: ['**/api/**', '!**/api/contract.ts', '!**/api/contract/**'],
  message: 'web/ imports only types from api/contract.ts.',
};

/** The acceptance suite knows the product by its processes, HTTP and files, as a user does. */
const BLACK_BOX: RestrictedImport[] = Object.keys(MAY_IMPORT).map((target) => ({
  regex: `^(\\./)?(\\.\\./)+${target}/`,
  message: 'test/acceptance/ is a black box: it imports nothing of the product.',
}));

/** Who may look at `process.env`: the configuration, and whoever hands an environment to a child process. */
const ENVIRONMENT_READERS = ['config.ts', 'supervisor/**', 'providers/local/spawn-host.ts', 'test/**'];

export default defineConfig({
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'node', 'jest'],
  categories: { correctness: 'error', suspicious: 'error' },
  ignorePatterns: ['node_modules', 'web/dist*', '.hypervize', '.cache', 'coverage'],
  rules: {
    'import/no-cycle': 'error',
    'eslint/no-console': 'error',
    'node/no-process-env': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/ban-ts-comment': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/consistent-type-imports': 'error',
    // What is read from a row, a socket or a catch clause is claimed to have a type at the edge.
    'typescript/no-unsafe-type-assertion': 'off',
    // kysely's builders are meant to be taken apart: ({ ref, fn }) => …
    'typescript/unbound-method': 'off',
    // The compiler knows when a switch is exhaustive; this rule does not.
    'typescript/consistent-return': 'off',
    // A flag that a callback changes looks unmodified to it.
    'eslint/no-unmodified-loop-condition': 'off',
    // pg.Pool and fc.property are how these packages are documented.
    'import/no-named-as-default-member': 'off',
    // A set that changes while it is walked through must be copied first.
    'unicorn/no-useless-spread': 'off',
    // Some tests leave the checking to a shared list of behaviours, or to fast-check.
    'jest/expect-expect': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'jest/require-to-throw-message': 'off',
    'jest/no-conditional-expect': 'off',
  },
  overrides: [
    ...Object.keys(MAY_IMPORT).map((folder) => importsOf([`${folder}/**`], restrictedImports(folder))),
    ...ENTRY_POINTS.map((file) => importsOf([file], restrictedImports(file.replace(/\/.*/, ''), true))),
    importsOf(['web/**'], [...restrictedImports('web'), NO_INSIDES_OF_API]),
    importsOf(['test/acceptance/**'], BLACK_BOX),
    // Style sheets are imported for what they do.
    { files: ['web/main.tsx'], rules: { 'import/no-unassigned-import': 'off' } },
    { files: ENVIRONMENT_READERS, rules: { 'node/no-process-env': 'off' } },
  ],
});

function importsOf(files: string[], patterns: RestrictedImport[]) {
  const rule: ['error', { patterns: RestrictedImport[] }] = ['error', { patterns }];
  return { files, rules: { 'eslint/no-restricted-imports': rule } };
}
