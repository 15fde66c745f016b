/** Secrets of an endpoint that its owner gives after it was made. Sealed here; see secrets.ts. */
import type { OwnerTx } from './client.ts';
import type { EndpointSecretName } from './schema.ts';
import { type SecretBox, secretPlace } from './secrets.ts';

/** Sets a secret, or replaces it. */
export async function setEndpointSecret(
  tx: OwnerTx,
  secretBox: SecretBox,
  endpoint: { id: string; ownerId: string },
  name: EndpointSecretName,
  plaintext: string,
): Promise<void> {
  const ciphertext = secretBox.seal(plaintext, secretPlace.endpoint(endpoint.id, name));
  await tx
    .insertInto('endpoint_secrets')
    .values({ endpoint_id: endpoint.id, owner_id: endpoint.ownerId, name, ciphertext })
    .onConflict((conflict) => conflict.columns(['endpoint_id', 'name']).doUpdateSet({ ciphertext }))
    .execute();
}
