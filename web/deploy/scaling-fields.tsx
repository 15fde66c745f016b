import { NumberInput, Select } from '@mantine/core';
import { IconMoon, IconRepeat } from '@tabler/icons-react';
import { roughly } from '../parts/format.ts';
import type { FieldsProps } from './fields-props.ts';
import styles from './deploy-page.module.css';

const IDLE_CHOICES = [5, 60, 300, 900, 3600, 4 * 3600, 24 * 3600];

export function ScalingFields({ draft, change, problem }: FieldsProps) {
  const choices = IDLE_CHOICES.includes(draft.idleTimeoutSeconds)
    ? IDLE_CHOICES
    : [...IDLE_CHOICES, draft.idleTimeoutSeconds];
  return (
    <section className={styles.group}>
      <h2>When nobody uses it</h2>
      <div className={styles.choices} role="radiogroup" aria-label="When nobody uses it">
        <label className={styles.choice}>
          <input type="radio" name="idle" checked={draft.sleeps} onChange={() => change({ sleeps: true })} />
          <strong>
            <IconMoon size={15} aria-hidden="true" /> Sleep
          </strong>
          <span>No node runs and none is paid for. The next request wakes it and waits until it is up.</span>
        </label>
        <label className={styles.choice}>
          <input type="radio" name="idle" checked={!draft.sleeps} onChange={() => change({ sleeps: false })} />
          <strong>
            <IconRepeat size={15} aria-hidden="true" /> Keep running
          </strong>
          <span>Nodes run all the time. No request ever waits for a start.</span>
        </label>
      </div>
      <div className={styles.pair}>
        {draft.sleeps ? (
          <Select
            label="Sleep after"
            description="Counted from the end of the last request."
            data={choices.map((seconds) => ({ value: String(seconds), label: roughly(seconds) }))}
            value={String(draft.idleTimeoutSeconds)}
            onChange={(value) => value && change({ idleTimeoutSeconds: Number(value) })}
            allowDeselect={false}
            error={problem('idleTimeoutSeconds')}
          />
        ) : (
          <NumberInput
            label="Nodes at least"
            description="These always run."
            min={1}
            max={64}
            value={draft.minNodes}
            onChange={(value) => {
              const minNodes = Number(value) || 1;
              change({ minNodes, maxNodes: Math.max(minNodes, draft.maxNodes) });
            }}
            error={problem('minNodes')}
          />
        )}
        <NumberInput
          label="Nodes at most"
          description="One node is one copy on one machine."
          min={1}
          max={64}
          value={draft.maxNodes}
          onChange={(value) => change({ maxNodes: Number(value) || 1 })}
          error={problem('maxNodes') ?? (draft.sleeps ? problem('minNodes') : undefined)}
        />
      </div>
    </section>
  );
}
