/**
 * The sweep that makes forgetting impossible, both ways: machines that no record wants are released, and
 * endpoints whose lifecycle is gone get one again, or end as failed with nothing running.
 *
 * It touches only what carries this installation's tag, only after it was an orphan in two sweeps and
 * for the grace period, and in report mode it only tells.
 */
import { Context } from '@temporalio/activity';
import { readLifecycle, recordTransition } from '../db/lifecycle.ts';
import { liveNodes } from '../db/nodes.ts';
import { endpointsNeedingLifecycle, forgetOrphansExcept, liveTokens, noteOrphan, unsentMails } from '../db/reaper.ts';
import type { ActivityDeps } from './deps.ts';
import { releaseNode } from './release-node.ts';

const SIGHTINGS_MIN = 2;
const MAIL_LATE_SECONDS = 600;

export interface ReapReport {
  orphans: { provider: string; ref: string; endpointId: string; released: boolean }[];
  lifecyclesStarted: string[];
  lifecyclesLost: string[];
}

export async function reapOrphans(deps: ActivityDeps): Promise<ReapReport> {
  const report: ReapReport = { orphans: [], lifecyclesStarted: [], lifecyclesLost: [] };
  for (const provider of deps.providers.values()) {
    // The provider first: what is launched between the two looks is not in its list, and an intent is on
    // record before its machine exists.
    const seen = await provider.list(deps.installationId);
    const wanted = await liveTokens(deps.db, provider.name);
    const orphans = seen.filter((machine) => machine.state !== 'terminated' && !wanted.has(machine.token));
    await forgetOrphansExcept(
      deps.db,
      provider.name,
      orphans.map((machine) => machine.token),
    );
    for (const machine of orphans) {
      Context.current().heartbeat();
      const sighting = await noteOrphan(deps.db, provider.name, machine.token, machine.ref);
      const due = sighting.timesSeen >= SIGHTINGS_MIN && sighting.ageSeconds >= deps.reaper.graceSeconds;
      const release = due && deps.reaper.mode === 'enforce';
      if (release) await provider.release(machine.token);
      report.orphans.push({
        provider: provider.name,
        ref: machine.ref,
        endpointId: machine.endpointId,
        released: release,
      });
    }
  }
  for (const { id } of await endpointsNeedingLifecycle(deps.db)) {
    Context.current().heartbeat();
    await mendLifecycle(deps, id, report);
  }
  for (const mailId of await unsentMails(deps.db, MAIL_LATE_SECONDS)) await deps.lifecycles.startMail(mailId);
  return report;
}

/** A lifecycle that was lost is started again and adopts what is there; one ended by force ends the endpoint. */
async function mendLifecycle(deps: ActivityDeps, endpointId: string, report: ReapReport): Promise<void> {
  const state = await deps.lifecycles.state(endpointId);
  if (state === 'running' || state === 'completed') return;
  const record = await readLifecycle(deps.db, endpointId);
  if (!record || record.status === 'deleted') return;
  const active = ['building', 'up', 'waking', 'updating'].includes(record.status) && record.power === 'on';
  if (state === 'closed' && active) {
    report.lifecyclesLost.push(endpointId);
    for (const node of await liveNodes(deps.db, endpointId)) {
      await releaseNode(deps, { nodeId: node.id, reason: 'lifecycle_terminated' });
    }
    const { mailId } = await recordTransition(deps.db, {
      endpointId,
      from: ['building', 'up', 'waking', 'updating'],
      to: 'failed',
      reason: 'lifecycle_terminated',
      message:
        'The lifecycle of this endpoint was ended by an operator. Its nodes are released. Retry starts it again.',
      mail: 'failed',
      actor: 'reaper',
    });
    if (mailId) await deps.lifecycles.startMail(mailId);
  }
  await deps.lifecycles.start(endpointId);
  report.lifecyclesStarted.push(endpointId);
}
