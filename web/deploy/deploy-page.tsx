/** Deploying: a model, how it scales, and whatever else is special. Answers at once with the endpoint's page. */
import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconBolt } from '@tabler/icons-react';
import { type FormEvent, useRef } from 'react';
import { useNavigate } from 'react-router';
import { ApiError } from '../client/api-error.ts';
import { firstEndpointsQuery, tiersQuery } from '../client/queries.ts';
import { randomId, request } from '../client/request.ts';
import type { ProvisionRequest, ProvisionResponse } from '../client/types.ts';
import { ErrorNotice } from '../parts/error-notice.tsx';
import { roughly, usd } from '../parts/format.ts';
import { Page, Panel } from '../parts/page.tsx';
import { AdvancedFields } from './advanced-fields.tsx';
import styles from './deploy-page.module.css';
import { type Draft, forgetDraft, problemOf, provisionRequest, useDraft } from './draft.ts';
import { ModelField } from './model-field.tsx';
import { ScalingFields } from './scaling-fields.tsx';

export interface FieldsProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  /** What the server says of a field. */
  problem: (name: string) => string | undefined;
}

export default function DeployPage() {
  const { draft, change } = useDraft();
  const deploy = useDeploy();
  const fields = deploy.error?.fields ?? {};
  const problem = (name: string) => problemOf(fields, name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!deploy.isPending) deploy.mutate(provisionRequest(draft));
  };
  const isRefusedAtFields = Object.keys(fields).length > 0;
  return (
    <Page title="Deploy a model">
      <form className={styles.layout} onSubmit={submit} noValidate>
        <div className={styles.form}>
          <ModelField draft={draft} change={change} problem={problem} />
          <ScalingFields draft={draft} change={change} problem={problem} />
          <AdvancedFields draft={draft} change={change} problem={problem} />
        </div>
        <aside className={styles.aside} aria-label="Summary">
          <Panel title="Summary">
            <Summary draft={draft} />
          </Panel>
          <ErrorNotice error={isRefusedAtFields ? refusal(fields) : deploy.error} />
          <Button
            type="submit"
            size="md"
            leftSection={<IconBolt size={17} />}
            loading={deploy.isPending || deploy.isSuccess}
            disabled={draft.model.trim() === ''}
          >
            Deploy
          </Button>
        </aside>
      </form>
    </Page>
  );
}

/** Sent again after an outage it deploys once; changed, it is another wish. */
function useDeploy() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const last = useRef({ body: '', key: '' });
  return useMutation<ProvisionResponse, ApiError, ProvisionRequest>({
    mutationFn(body) {
      const text = JSON.stringify(body);
      if (last.current.body !== text) last.current = { body: text, key: randomId() };
      const headers = { 'idempotency-key': last.current.key };
      return request('/api/provision', { method: 'POST', body, headers });
    },
    onSuccess({ endpointId }) {
      forgetDraft();
      void client.invalidateQueries({ queryKey: firstEndpointsQuery.queryKey });
      return navigate(`/endpoints/${endpointId}`);
    },
  });
}

/** The problems themselves stand at the fields. */
function refusal(fields: Readonly<Record<string, string>>): ApiError {
  return new ApiError(422, 'invalid_request', `Not deployed yet. Please correct: ${Object.keys(fields).join(', ')}.`);
}

function Summary({ draft }: { draft: Draft }) {
  const tiers = useQuery(tiersQuery);
  // With one tier there is nothing to choose, so its price is known before anything is sized.
  const only = tiers.data?.items.length === 1 ? tiers.data.items[0] : undefined;
  const min = draft.sleeps ? 0 : draft.minNodes;
  return (
    <dl className={styles.summary}>
      <dt>Model</dt>
      <dd>{draft.model.trim() || <span className="faint">not chosen</span>}</dd>
      <dt>Nodes</dt>
      <dd className="num">
        {min} to {draft.maxNodes}
      </dd>
      <dt>Idle</dt>
      <dd>{draft.sleeps ? `sleeps after ${roughly(draft.idleTimeoutSeconds)}` : 'keeps running'}</dd>
      <dt>Hardware</dt>
      <dd>{only?.title ?? 'chosen to fit the model'}</dd>
      {only && (
        <>
          <dt>Price per hour</dt>
          <dd className="num">
            {only.usdPerHour === null
              ? 'unknown'
              : only.usdPerHour === 0
                ? '$0, your own machine'
                : `${usd(only.usdPerHour * min)} to ${usd(only.usdPerHour * draft.maxNodes)}`}
          </dd>
        </>
      )}
    </dl>
  );
}
