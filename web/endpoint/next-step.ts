import type { EndpointDocument } from '../client/types.ts';
import { roughly } from '../parts/format.ts';

/** What the owner can do, or what will happen by itself. */
export function nextStep({ status, spec, degraded }: EndpointDocument): string {
  switch (status) {
    case 'building':
      return 'Requests that come now are held and answered once it is up. You may close this page; a mail says when it is ready.';
    case 'up':
      if (degraded) return 'It answers. The missing nodes are being replaced.';
      return spec.minNodes > 0
        ? `It answers. At least ${spec.minNodes} node${spec.minNodes === 1 ? '' : 's'} always run${spec.minNodes === 1 ? 's' : ''}.`
        : `It answers. It goes to sleep ${roughly(spec.idleTimeoutSeconds)} after the last request.`;
    case 'hibernated':
      return 'Send a request and it wakes, or press Wake. Nothing is paid for while it sleeps.';
    case 'waking':
      return 'Requests that come now are held and answered once it is up.';
    case 'updating':
      return 'The old version answers until the new one is up.';
    case 'paused':
      return 'Requests are refused until you press Resume.';
    case 'failed':
      return 'Nothing runs and nothing is paid for. Correct what it says, then press Retry; id and URL stay the same.';
    case 'deleting':
    case 'deleted':
      return 'This is final. Once everything is released, the endpoint is gone.';
  }
}
