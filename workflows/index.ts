/**
 * Workflows: the durable part. They decide and wait; activities do. Code here is replayed from history,
 * so it must stay deterministic and may change its order of commands only under `patched()`; recorded
 * histories in test/workflows/histories hold it to that.
 *
 * Keyed by endpoint id (lifecycle), mail id (delivery) and installation (reaper). A failing workflow task
 * is retried by Temporal until the code is mended; no state is lost.
 */
export { endpointLifecycle } from './endpoint-lifecycle.ts';
export { deliverMail } from './mail.ts';
export { reapOrphans } from './reap-orphans.ts';
