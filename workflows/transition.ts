import type { StatusChange } from '../activities/record-status.ts';
import { step } from './activity-options.ts';
import { startMail } from './mail.ts';

/** Records a transition and hands its mail, if it has one, to a workflow of its own. */
export async function transition(change: StatusChange): Promise<void> {
  const { mailId } = await step.recordStatus.executeWithOptions({ summary: `now ${change.to}` }, [change]);
  await startMail(mailId);
}
