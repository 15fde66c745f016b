import type { EndpointDocument } from '../client/types.ts';
import { UsagePanel } from '../usage/usage-panel.tsx';

export default function UsageTab({ endpoint }: { endpoint: EndpointDocument }) {
  return <UsagePanel endpointId={endpoint.id} />;
}
