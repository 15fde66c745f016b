/** Prints what a quote costs when the model is known: `node bench/quote.ts`. Exits with 1 above 50 ms of CPU. */
import { GPU_OFFERS } from '../domain/sizing/data/gpu-offers.ts';
import { createHub } from '../hub/hub.ts';
import { type StoredReading, createModelReader } from '../hub/model-reader.ts';
import { planModel } from '../hub/plan-model.ts';
import { models } from '../test/domain/sizing/published.ts';

const ROUNDS = 20;
const CPU_MS_MAX = 50;

const kept = new Map<string, string>();
const reader = createModelReader(createHub({ endpoint: 'http://127.0.0.1:1', token: null }), {
  // As text, because that is how Postgres hands it over.
  find: async ({ model }) => ({ ...(JSON.parse(kept.get(model) ?? 'null') as StoredReading), checkedAt: new Date() }),
  save: async () => {},
  confirm: async () => {},
});
const capacity = { providers: ['aws', 'gcp'] as const, machine: null, offers: GPU_OFFERS };

for (const { id, weightBytes, config } of models) {
  const evidence = {
    model: id,
    revision: null,
    files: [{ path: 'model.safetensors', sizeBytes: weightBytes, sha256: null }],
    config,
    ...{ index: null, modelopt: null, safetensors: null, pipelineTag: null },
  };
  const state = { commit: null, gated: false, private: false };
  kept.set(id, JSON.stringify({ reading: { evidence, state, trouble: null } }));
}
const wish = { region: null, tier: null, contextLength: null, targetConcurrency: null, token: null, ownerId: 'x' };
let planned = 0;
const before = process.cpuUsage();
for (let round = 0; round < ROUNDS; round++) {
  for (const { id } of models)
    await planModel(reader, capacity, { ...wish, model: id, revision: null }).then(
      () => (planned += 1),
      () => 0,
    );
}
const { user, system } = process.cpuUsage(before);
const cpuMs = (user + system) / 1000 / ROUNDS / models.length;
process.stdout.write(`${planned / ROUNDS} of ${models.length} models planned, ${cpuMs.toFixed(2)} ms of CPU each\n`);
process.exitCode = cpuMs < CPU_MS_MAX ? 0 : 1;
