import { describe, expect, it } from '@jest/globals';
import { Worker } from '@temporalio/worker';
import { recordedHistories } from '../support/histories.ts';
import { sharedBundle } from '../support/temporal-test-server.ts';

/** Running endpoints outlive every release: what they have lived through must mean the same to new code. */
describe('recorded histories replay on the present code', () => {
  it('without a difference in any command', async () => {
    const histories = await recordedHistories();
    expect(histories.length).toBeGreaterThanOrEqual(20);
    const broken: string[] = [];
    for (const { name, history, workflowId } of histories) {
      try {
        await Worker.runReplayHistory({ workflowBundle: await sharedBundle() }, history, workflowId);
      } catch (error) {
        broken.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    expect(broken).toEqual([]);
  }, 120_000);
});
