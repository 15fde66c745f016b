/** What the reaper may ask and do about workflows; built on the Temporal client by the worker. */

/** `closed`: ended by force or failure (terminated, cancelled, timed out, failed). */
export type LifecycleState = 'running' | 'completed' | 'closed' | 'missing';

export interface LifecycleDirectory {
  state(endpointId: string): Promise<LifecycleState>;
  /** Starts a lifecycle that does not run; one that runs is left alone. */
  start(endpointId: string): Promise<void>;
  /** Starts the delivery of a mail; one that runs is left alone. */
  startMail(mailId: string): Promise<void>;
}
