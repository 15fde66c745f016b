/** What a refused quote means for somebody who wants to deploy. */
import type { ApiError } from '../client/api-error.ts';

/** With these, deploying is accepted all the same: the lifecycle waits, or says what it lacks. */
const LEFT_TO_THE_LIFECYCLE = new Set([
  'hub_unavailable',
  'dependency_unavailable',
  'unreachable',
  'model_gated',
  'hardware_undetermined',
  'rate_limit_exceeded',
]);

export function canBeDeployedUnsized({ code }: ApiError): boolean {
  return LEFT_TO_THE_LIFECYCLE.has(code);
}

export function isAboutTheModel({ code }: ApiError): boolean {
  return code.startsWith('model_');
}

/** A private model is indistinguishable from a missing one, so a token may help there too. */
export function asksForToken({ code }: ApiError): boolean {
  return code === 'model_gated' || code === 'model_not_found';
}

export function refusalAdvice(error: ApiError): string {
  switch (error.code) {
    case 'hub_unavailable':
      return 'The Hub does not answer; it is asked again every few seconds. You can deploy all the same: the model is then sized as soon as the Hub answers.';
    case 'dependency_unavailable':
      return `${error.message} You can deploy all the same: it is sized as soon as that is possible.`;
    case 'model_gated':
      return 'With a token of an account that has access it can be sized. You can deploy without; the endpoint then says what it lacks.';
    case 'hardware_undetermined':
      return `${error.message} Choose the hardware yourself to go on.`;
    case 'model_not_found':
      return 'The model has not been found.';
    case 'model_no_gguf':
      return 'This machine cannot run it as it is. Other hardware can be chosen to see what it would cost there.';
    case 'invalid_request':
      return 'What is wrong stands at its field.';
    default:
      return error.message;
  }
}
