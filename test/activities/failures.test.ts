import { describe, expect, it } from '@jest/globals';
import type { ApplicationFailure } from '@temporalio/common';
import { toFailure } from '../../activities/failures.ts';
import { UserError } from '../../domain/errors.ts';
import { ProviderError } from '../../providers/provider.ts';

const failure = (error: unknown, activityType: string, attempt = 1) =>
  toFailure(error, { activityType, attempt }) as ApplicationFailure;
const fatal = new ProviderError('fatal', 'provider_unavailable', 'The credentials have expired.');
const passing = new ProviderError('transient', 'provider_unavailable', 'No answer.');

describe('a failed activity', () => {
  it.each([
    ['a launch that cannot work', fatal, 'provisionNode', 1, true],
    [
      'a launch without capacity',
      new ProviderError('capacity', 'capacity_unavailable', 'Full.'),
      'provisionNode',
      1,
      true,
    ],
    ['a launch that may work later', passing, 'provisionNode', 1, false],
    ['a launch that has been tried for long', passing, 'provisionNode', 10, true],
    ['a model that does not exist', new UserError('model_not_found', 'No such model.'), 'sizeModel', 1, true],
    ['a Hub that is busy', new UserError('hub_unavailable', 'Busy.'), 'sizeModel', 1, false],
    ['a release, whatever the provider says', fatal, 'releaseNode', 100, false],
    ['a stop, whatever the provider says', fatal, 'stopNode', 100, false],
    ['a look at the nodes, whatever the provider says', fatal, 'inspectNodes', 100, false],
  ])('ends the trying or not: %s', (_, error, activityType, attempt, isFinal) => {
    expect(failure(error, activityType, attempt).nonRetryable).toBe(isFinal);
  });

  it('waits as long as the Hub asks for', () => {
    const busy = new UserError('hub_unavailable', 'Busy.', { headers: { 'retry-after': '7' } });
    expect(failure(busy, 'sizeModel').nextRetryDelay).toBe(7_000);
  });

  it('of an unknown kind is never final: the database may be away, or the code mended', () => {
    const bug = new TypeError('oops');
    expect(toFailure(bug, { activityType: 'provisionNode', attempt: 99 })).toBe(bug);
  });
});
