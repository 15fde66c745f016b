/**
 * The sweep that makes forgetting impossible, both ways: machines that no record wants are released, and
 * endpoints whose lifecycle is gone get one again, or end as failed with nothing running.
 *
 * It touches only what carries this installation's tag, only after it was an orphan in two sweeps and
 * for the grace period, and in report mode it only tells. Each thing is looked at by itself: one that
 * cannot be mended is reported, and hides nothing else.
 */
import { Context } from '@temporalio/activity';
import { readLifecycle } from '../db/lifecycle.ts';
import { liveNodes, recordEnded } from '../db/nodes.ts';
import {
  endpointsNeedingLifecycle,
  forgetOrphansExcept,
  nodeIdOfToken,
  noteOrphan,
  unsentMails,
  wantedTokens,
} from '../db/reaper.ts';
import { recordTransition } from '../db/transitions.ts';
import type { CapacityProvider, NodeObservation } from '../providers/provider.ts';
import type { ActivityDeps } from './deps.ts';
import { releaseNode } from './release-node.ts';

const SIGHTINGS_MIN = 2;
const MAIL_LATE_SECONDS = 600;
const PROBLEMS_MAX = 50;

export interface ReapReport {
  orphans: { provider: string; ref: string; endpointId: string; released: boolean }[];
  lifecyclesStarted: string[];
  lifecyclesLost: string[];
  /** What could not be looked at or mended this time. */
  problems: string[];
}

export async function reapOrphans(deps: ActivityDeps): Promise<ReapReport> {
  const report: ReapReport = { orphans: [], lifecyclesStarted: [], lifecyclesLost: [], problems: [] };
  const attempt = async (what: string, work: () => Promise<void>) => {
    Context.current().heartbeat();
    try {
      await work();
    } catch (error) {
      if (report.problems.length < PROBLEMS_MAX) report.problems.push(`${what}: ${String(error)}`.slice(0, 300));
    }
  };
  for (const provider of deps.providers.values()) {
    await attempt(`list ${provider.name}`, async () => {
      for (const orphan of await orphansOf(deps, provider)) {
        await attempt(`orphan ${orphan.ref}`, () => reapOne(deps, provider, orphan, report));
      }
    });
  }
  for (const { id } of await endpointsNeedingLifecycle(deps.db)) {
    await attempt(`lifecycle of ${id}`, () => mendLifecycle(deps, id, report));
  }
  for (const mailId of await unsentMails(deps.db, MAIL_LATE_SECONDS)) {
    await attempt(`mail ${mailId}`, () => deps.lifecycles.startMail(mailId));
  }
  return report;
}

async function orphansOf(deps: ActivityDeps, provider: CapacityProvider): Promise<NodeObservation[]> {
  // The provider first: what is launched between the two looks is not in its list, and an intent is on
  // record before its machine exists.
  const seen = await provider.list(deps.installationId);
  const wanted = await wantedTokens(deps.db, provider.name);
  const orphans = seen.filter((machine) => machine.state !== 'terminated' && !wanted.has(machine.token));
  const tokens = orphans.map((machine) => machine.token);
  await forgetOrphansExcept(deps.db, provider.name, tokens);
  return orphans;
}

async function reapOne(
  deps: ActivityDeps,
  provider: CapacityProvider,
  orphan: NodeObservation,
  report: ReapReport,
): Promise<void> {
  const sighting = await noteOrphan(deps.db, provider.name, orphan.token, orphan.ref);
  const due = sighting.timesSeen >= SIGHTINGS_MIN && sighting.ageSeconds >= deps.reaper.graceSeconds;
  const released = due && deps.reaper.mode === 'enforce';
  if (released) {
    await provider.release(orphan.token);
    // It may have a record that wants nothing any more, of an endpoint that is deleted.
    const nodeId = await nodeIdOfToken(deps.db, orphan.token);
    if (nodeId) await recordEnded(deps.db, nodeId, { state: 'terminated', endedAt: null, reason: 'orphan' });
  }
  report.orphans.push({ provider: provider.name, ref: orphan.ref, endpointId: orphan.endpointId, released });
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
