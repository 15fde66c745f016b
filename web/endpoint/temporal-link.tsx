import { useQuery } from '@tanstack/react-query';
import { IconExternalLink } from '@tabler/icons-react';
import { installationQuery } from '../client/queries.ts';

/** For operators: the workflow that is this endpoint's life. Shown where the installation knows the address. */
export function TemporalLink({ workflowId }: { workflowId: string }) {
  const { data } = useQuery(installationQuery);
  if (!data?.temporal) return null;
  const { uiUrl, namespace } = data.temporal;
  return (
    <span>
      <a href={`${uiUrl}/namespaces/${namespace}/workflows/${workflowId}`} target="_blank" rel="noopener noreferrer">
        Workflow in Temporal
      </a>
      <IconExternalLink size={13} aria-hidden="true" />
    </span>
  );
}
