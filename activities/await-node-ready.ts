import { CancelledFailure, Context } from '@temporalio/activity';
import { recordStage } from '../db/lifecycle.ts';
import { recordRunning } from '../db/nodes.ts';
import type { NodeObservation } from '../providers/provider.ts';
import type { ActivityDeps } from './deps.ts';
import { terminalFailure } from './failures.ts';
import { type NodeContext, readNodeContext } from './node-spec.ts';
import { answersCompletion, isHealthy } from './runtime-probe.ts';

const POLL_MS_MIN = 50;
const POLL_MS_MAX = 1_000;
const LOG_TAIL_LINES = 50;
/** A machine that the provider does not show yet may still be coming into view. */
const NOT_YET_VISIBLE_MS = 5 * 60_000;

/**
 * Waits until the node has answered a real completion through its own secret, recording the stages on
 * the way. There is no time limit here: the workflow's bring-up deadline cancels it.
 * @throws ApplicationFailure of class `crash` when the runtime ended, or of the node's own report
 */
export async function awaitNodeReady(deps: ActivityDeps, input: { nodeId: string }): Promise<void> {
  const context = await readNodeContext(deps, input.nodeId);
  const signal = Context.current().cancellationSignal;
  const startedAtMs = Date.now();
  for (let pollMs = POLL_MS_MIN; ; pollMs = Math.min(pollMs * 1.5, POLL_MS_MAX)) {
    if (signal.aborted) throw new CancelledFailure('no longer wanted');
    const observation = await context.provider.describe(context.spec.token);
    if (observation) {
      await failIfOver(context, observation);
      if (await serves(deps, context, observation, signal)) return;
    } else if (Date.now() - startedAtMs > NOT_YET_VISIBLE_MS) {
      throw terminalFailure('node_lost', `Node ${input.nodeId} is gone.`, { errorClass: 'crash' });
    }
    await Context.current().sleep(pollMs);
  }
}

async function serves(
  deps: ActivityDeps,
  context: NodeContext,
  observation: NodeObservation,
  signal: AbortSignal,
): Promise<boolean> {
  const { node } = context.dossier;
  const stage = observation.report?.stage ?? 'booting';
  if (!observation.address || observation.state !== 'running') {
    await recordStage(deps.db, node.endpoint_id, 'booting');
    return false;
  }
  if (observation.address !== node.address) {
    await recordRunning(deps.db, node.id, {
      ref: observation.ref,
      address: observation.address,
      startedAt: observation.startedAt ?? observation.launchedAt,
    });
    node.address = observation.address;
  }
  if (!(await isHealthy(observation.address, signal))) {
    const shown = stage === 'health_check' || stage === 'registering' ? 'loading' : stage;
    const progress = observation.report?.progress ?? null;
    await recordStage(deps.db, node.endpoint_id, shown, {
      progress: progress === null ? null : Math.floor(progress * 100) / 100,
    });
    return false;
  }
  await recordStage(deps.db, node.endpoint_id, 'health_check');
  return answersCompletion(observation.address, context.spec, signal);
}

async function failIfOver(context: NodeContext, observation: NodeObservation): Promise<void> {
  const failure = observation.report?.failure;
  if (failure) throw terminalFailure(failure.code, failure.message, { errorClass: 'fatal' });
  if (observation.state !== 'stopped' && observation.state !== 'terminated') return;
  const logTail = await context.provider.logs(context.spec.token, LOG_TAIL_LINES).catch(() => []);
  throw terminalFailure('runtime_crash_loop', `The runtime ended while it was starting. ${lastLines(logTail)}`, {
    errorClass: 'crash',
    logTail,
  });
}

function lastLines(lines: readonly string[]): string {
  return lines.length > 0 ? `Its last words: ${lines.slice(-3).join(' ⏎ ').slice(0, 500)}` : 'It left no output.';
}
