/** Why it cannot start: one sentence for the operator, with what to do. Printed without a stack. */
export class StartError extends Error {
  override name = 'StartError';
}
