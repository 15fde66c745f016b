/** What somebody without endpoints sees: one press deploys the model that comes along. */
import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconBolt } from '@tabler/icons-react';
import { useRef } from 'react';
import { Link, useNavigate } from 'react-router';
import { BUILTIN_MODEL } from '../../domain/builtin-model.ts';
import { firstEndpointsQuery } from '../client/queries.ts';
import { randomId, request } from '../client/request.ts';
import type { ProvisionRequest, ProvisionResponse } from '../client/types.ts';
import { bytes } from '../parts/format.ts';
import { ErrorNotice } from '../parts/error-notice.tsx';
import { Page } from '../parts/page.tsx';
import styles from './first-deploy.module.css';

const BODY: ProvisionRequest = { model: BUILTIN_MODEL.id, minNodes: 0, maxNodes: 1 };

export function FirstDeploy() {
  const client = useQueryClient();
  const navigate = useNavigate();
  // Pressing twice, or again after an outage, deploys once.
  const idempotencyKey = useRef(randomId());
  const deploy = useMutation({
    mutationFn: () =>
      request<ProvisionResponse>('/api/provision', {
        method: 'POST',
        body: BODY,
        headers: { 'idempotency-key': idempotencyKey.current },
      }),
    onSuccess({ endpointId }) {
      void client.invalidateQueries({ queryKey: firstEndpointsQuery.queryKey });
      return navigate(`/endpoints/${endpointId}`);
    },
  });
  return (
    <Page title="Endpoints" heading={<span />}>
      <div className={styles.hero}>
        <h1>Deploy your first model</h1>
        <p className={styles.lead}>
          Each endpoint is one model at a stable, OpenAI-compatible URL. It sleeps when nobody uses it and wakes on the
          next request.
        </p>
        <div className={styles.error}>
          <ErrorNotice error={deploy.error} />
        </div>
        <div className={styles.card}>
          <div>
            <h2>{BUILTIN_MODEL.id}</h2>
            <p>
              Comes with this installation ({bytes(BUILTIN_MODEL.file.sizeBytes)}), runs on this machine&apos;s CPU,
              costs nothing. Up in seconds.
            </p>
          </div>
          <Button
            leftSection={<IconBolt size={16} />}
            loading={deploy.isPending || deploy.isSuccess}
            onClick={() => deploy.mutate()}
          >
            Deploy it
          </Button>
        </div>
        <div className={styles.card}>
          <div>
            <h2>Any model of the Hugging Face Hub</h2>
            <p>Name it, choose how many nodes and when it may sleep.</p>
          </div>
          <Button component={Link} to="/deploy" variant="default">
            Choose a model
          </Button>
        </div>
      </div>
    </Page>
  );
}
