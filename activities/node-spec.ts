import { type NodeDossier, readNodeDossier } from '../db/nodes.ts';
import type { CapacityProvider, NodeSpec } from '../providers/provider.ts';
import { type ActivityDeps, providerOf } from './deps.ts';

export interface NodeContext {
  dossier: NodeDossier;
  provider: CapacityProvider;
  spec: NodeSpec;
}

/** A node's record, its provider, and the full specification to launch it with (secret: never log it). */
export async function readNodeContext(deps: ActivityDeps, nodeId: string): Promise<NodeContext> {
  const dossier = await readNodeDossier(deps.db, deps.secretBox, nodeId);
  const { node, sizing } = dossier;
  if (!sizing) throw new Error(`endpoint ${node.endpoint_id} is not sized yet`);
  const spec: NodeSpec = {
    installationId: deps.installationId,
    endpointId: node.endpoint_id,
    nodeId: node.id,
    token: node.token,
    generation: node.generation,
    candidate: node.candidate,
    model: sizing.model,
    revision: sizing.revision,
    files: sizing.files,
    contextLength: sizing.contextLength,
    concurrency: sizing.concurrency,
    runtimeArgs: dossier.spec.runtimeArgs,
    env: dossier.env,
    secret: dossier.secret,
    huggingFaceToken: dossier.huggingFaceToken,
  };
  return { dossier, provider: providerOf(deps, node.provider), spec };
}
