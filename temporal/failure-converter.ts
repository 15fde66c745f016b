import { DefaultFailureConverter } from '@temporalio/common';

/** Loaded by path by the SDK: failure messages and stacks are encrypted like payloads. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
