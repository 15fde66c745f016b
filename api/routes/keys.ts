/** API keys: made (and shown once), listed, revoked. Rotation is two live keys and then one. */
import { type ApiKeyRecord, insertApiKey, listApiKeys, revokeApiKey } from '../../db/api-keys.ts';
import { forOwner } from '../../db/client.ts';
import { unknownEndpointIds } from '../../db/endpoints.ts';
import { UserError } from '../../domain/errors.ts';
import {
  CreateKeyRequest,
  CreatedKey,
  type KeyDocument,
  KeyIdPath,
  KeyList,
  KeyListQuery,
  encodeCursor,
} from '../contract.ts';
import { positionOf } from '../cursor.ts';
import type { RouteDeps } from '../deps.ts';
import { actorOf } from '../policies.ts';
import { route } from '../route.ts';
import { invalidField } from '../validation.ts';

export function keyRoutes(deps: RouteDeps) {
  return [
    route({
      method: 'get',
      path: '/api/keys',
      policy: { auth: 'manage' },
      tag: 'Keys',
      summary: 'List API keys, newest first',
      query: KeyListQuery,
      answer: { status: 200, description: 'A page of keys.', schema: KeyList },
      async handler({ principal, query }) {
        const afterId = positionOf(query.cursor);
        const { items, nextId } = await forOwner(deps.db, principal.ownerId, (tx) =>
          listApiKeys(tx, { limit: query.limit, afterId }),
        );
        return { json: { items: items.map(keyDocument), nextCursor: nextId ? encodeCursor(nextId) : null } };
      },
    }),
    route({
      method: 'post',
      path: '/api/keys',
      policy: { auth: 'manage' },
      tag: 'Keys',
      summary: 'Create an API key',
      body: CreateKeyRequest,
      answer: { status: 201, description: 'The key, shown this once.', schema: CreatedKey },
      async handler({ principal, body }) {
        const { ownerId } = principal;
        const { record, key } = await forOwner(deps.db, ownerId, async (tx) => {
          const unknown = await unknownEndpointIds(tx, body.endpointIds ?? []);
          if (unknown.length > 0) throw invalidField('endpointIds', `there is no endpoint ${unknown.join(', ')}`);
          return insertApiKey(tx, {
            ownerId,
            createdBy: actorOf(principal),
            name: body.name,
            scopes: body.scopes,
            endpointIds: body.endpointIds ?? null,
            expiresAt: body.expiresAt ? new Date(body.expiresAt) : null,
          });
        });
        return { json: { ...keyDocument(record), key } };
      },
    }),
    route({
      method: 'delete',
      path: '/api/keys/{id}',
      policy: { auth: 'manage' },
      tag: 'Keys',
      summary: 'Revoke an API key',
      params: KeyIdPath,
      answer: { status: 204, description: 'Revoked; safe to repeat.' },
      errors: ['not_found'],
      async handler({ principal, params }) {
        const isKeyId = /^[a-z0-9]{8}$/.test(params.id);
        const found = isKeyId && (await forOwner(deps.db, principal.ownerId, (tx) => revokeApiKey(tx, params.id)));
        if (!found) throw new UserError('not_found', 'There is no API key with this id.');
        return {};
      },
    }),
  ];
}

function keyDocument(record: ApiKeyRecord): KeyDocument {
  return {
    id: record.id,
    name: record.name,
    prefix: `hvz_${record.id}`,
    last4: record.last4,
    scopes: record.scopes,
    endpointIds: record.endpointIds,
    createdAt: record.createdAt.toISOString(),
    expiresAt: record.expiresAt?.toISOString() ?? null,
    lastUsedAt: record.lastUsedAt?.toISOString() ?? null,
  };
}
