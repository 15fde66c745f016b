/**
 * Tests run as they are written: ESM and TypeScript, each file turned to JavaScript by swc, without a type
 * check (that is `npm run typecheck`). Node must be started with --experimental-vm-modules; `npm test` does.
 *
 * @type {import('jest').Config}
 */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript' },
          // Only `import type` is dropped, as Node itself does.
          transform: { verbatimModuleSyntax: true },
        },
      },
    ],
  },
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  // Suites start servers and model runtimes of their own: more at once would make them slow, not fast.
  maxWorkers: 2,
  testTimeout: 30_000,
  // Data folders of running installations are full of files that are none of our tests.
  modulePathIgnorePatterns: ['<rootDir>/\\.hypervize/', '<rootDir>/\\.cache/', '<rootDir>/web/', '<rootDir>/coverage/'],
  watchPathIgnorePatterns: ['/node_modules/', '/\\.hypervize/', '/\\.cache/'],
  watchman: false,
};
