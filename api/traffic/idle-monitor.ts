/**
 * Finds endpoints whose idle window has passed and tells their lifecycles to look. The lifecycle checks
 * again in its own transaction, so a request that comes in between wins.
 */
import type { Db } from '../../db/client.ts';
import { enqueueSignal } from '../../db/outbox.ts';
import { type IdleCandidate, proxyLiveness, readIdleCandidates } from '../../db/traffic.ts';
import { idleRemainingMs } from '../../domain/idle.ts';

/** One look at all endpoints. Returns the ids that were told to fall asleep. */
export async function signalIdle(db: Db): Promise<string[]> {
  const candidates = (await readIdleCandidates(db)).filter(isIdle);
  if (candidates.length === 0) return [];
  const liveness = await proxyLiveness(db);
  // What a silent proxy does is unknown; the next look may know.
  if (liveness.live === 0 || liveness.doubtful > 0) return [];
  const told: string[] = [];
  for (const candidate of candidates) {
    const added = await enqueueSignal(db, {
      endpointId: candidate.endpointId,
      signal: 'idleTimeout',
      dedupeKey: `idle:${candidate.endpointId}:${candidate.sleepGeneration}:${Math.floor(idleSinceMs(candidate))}`,
    });
    if (added) told.push(candidate.endpointId);
  }
  return told;
}

function isIdle(candidate: IdleCandidate): boolean {
  return idleRemainingMs(candidate, candidate.idleTimeoutSeconds, candidate.nowMs) <= 0;
}

function idleSinceMs(candidate: IdleCandidate): number {
  return Math.max(candidate.upSinceMs, candidate.lastRequestEndedMs ?? 0);
}
