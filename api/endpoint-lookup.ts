/**
 * Finding an endpoint for its owner. Another owner's id, a deleted one and one that never existed are the
 * same thing here, and get the same bytes.
 */
import { type OwnerTx, forOwner } from '../db/client.ts';
import { endpointExists } from '../db/endpoints.ts';
import { isEndpointId } from '../domain/endpoint-id.ts';
import { UserError } from '../domain/errors.ts';
import type { RouteDeps } from './deps.ts';
import type { Principal } from './policies.ts';

export function endpointNotFound(): UserError {
  return new UserError('endpoint_not_found', 'There is no endpoint with this id.');
}

/** The id, once it has the shape of one: a hostile one never reaches SQL. */
export function checkedEndpointId(id: string): string {
  if (!isEndpointId(id)) throw endpointNotFound();
  return id;
}

/** Runs `work` as the owner once the endpoint is known to be theirs. @throws UserError `endpoint_not_found` */
export async function withEndpoint<T>(
  deps: Pick<RouteDeps, 'db'>,
  principal: Principal,
  id: string,
  work: (tx: OwnerTx) => Promise<T>,
): Promise<T> {
  const checked = checkedEndpointId(id);
  return forOwner(deps.db, principal.ownerId, async (tx) => {
    if (!(await endpointExists(tx, checked))) throw endpointNotFound();
    return work(tx);
  });
}
