/** What the owner asked for, and the way out. */
import { Button, Group, Text } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import type { EndpointDocument } from '../client/types.ts';
import { bytes, roughly } from '../parts/format.ts';
import { Panel } from '../parts/page.tsx';
import { Time } from '../parts/time.tsx';
import { effectOf } from './commands.tsx';
import { DeleteDialog } from './delete-dialog.tsx';
import styles from './endpoint-page.module.css';
import settingsStyles from './settings-tab.module.css';

export function SettingsTab({ endpoint }: { endpoint: EndpointDocument }) {
  const [isDeleting, setIsDeleting] = useState(false);
  return (
    <div className={styles.columns}>
      <div className={styles.stack}>
        <Panel title="Settings" flush>
          <Facts rows={specRows(endpoint)} />
        </Panel>
        <Panel title="Domains" flush>
          <Facts rows={domainRows(endpoint)} />
        </Panel>
      </div>
      <div className={styles.stack}>
        <Panel title="Hardware" flush>
          <Facts rows={sizingRows(endpoint)} />
        </Panel>
        <Panel title="Delete">
          <Group justify="space-between" align="center">
            <Text size="sm" c="dimmed" maw={320}>
              Releases everything it runs on. Its URL stops answering.
            </Text>
            <Button
              color="red"
              variant="light"
              leftSection={<IconTrash size={16} />}
              disabled={effectOf('delete', endpoint) === 'noop'}
              onClick={() => setIsDeleting(true)}
            >
              {effectOf('delete', endpoint) === 'noop' ? 'Being deleted' : 'Delete…'}
            </Button>
          </Group>
        </Panel>
      </div>
      <DeleteDialog endpoint={endpoint} isOpen={isDeleting} close={() => setIsDeleting(false)} />
    </div>
  );
}

type Row = [label: string, value: ReactNode];

function Facts({ rows }: { rows: readonly Row[] }) {
  return (
    <dl className={settingsStyles.facts}>
      {rows.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function specRows({ spec, createdAt }: EndpointDocument): Row[] {
  return [
    ['Model', spec.model],
    ['Revision', spec.revision ?? 'default branch'],
    ['Nodes', `${spec.minNodes} to ${spec.maxNodes}`],
    ['When idle', spec.minNodes === 0 ? `sleeps after ${roughly(spec.idleTimeoutSeconds)}` : 'keeps running'],
    ['Requests at once, per node', spec.targetConcurrency],
    ['Context length', spec.contextLength === null ? 'automatic' : `${spec.contextLength.toLocaleString()} tokens`],
    ['Runtime arguments', spec.runtimeArgs.length > 0 ? <code>{spec.runtimeArgs.join(' ')}</code> : 'none'],
    ['Environment', spec.env.length > 0 ? <code>{spec.env.join(', ')}</code> : 'none'],
    [
      'Hugging Face token',
      spec.huggingFaceToken.set
        ? `set${spec.huggingFaceToken.last4 ? `, ends in ${spec.huggingFaceToken.last4}` : ''}`
        : 'none',
    ],
    ['Telemetry', spec.telemetry?.otlpEndpoint ?? 'off'],
    ['Created', <Time key="created" at={createdAt} />],
  ];
}

const SOURCES: Readonly<Record<string, string>> = {
  metadata: "the model's metadata",
  builtin: 'what comes with this installation',
  'name-hint': "the model's name, a guess",
};

function sizingRows({ sizing, spec }: EndpointDocument): Row[] {
  if (!sizing) return [['Tier', spec.tier ?? 'is being chosen']];
  return [
    ['Tier', sizing.tier],
    ['Memory needed', bytes(sizing.requiredMemoryBytes)],
    ['Memory usable', bytes(sizing.usableMemoryBytes)],
    ['Known from', SOURCES[sizing.source] ?? sizing.source],
    [
      'Why',
      <ul key="why" className={settingsStyles.reasons}>
        {sizing.reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>,
    ],
  ];
}

function domainRows({ domains, defaultUrl }: EndpointDocument): Row[] {
  return [
    ['Default URL', <code key="url">{defaultUrl}</code>],
    ...domains.map(({ domain, state }): Row => [domain, state]),
  ];
}
