import { Button, Collapse, NumberInput, TextInput, Textarea } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import type { FieldsProps } from './fields-props.ts';
import styles from './deploy-page.module.css';
import { TokenField } from './token-field.tsx';

const NAMES = [
  'name',
  'revision',
  'huggingFaceToken',
  'contextLength',
  'targetConcurrency',
  'runtimeArgs',
  'env',
  'customDomain',
  'telemetry',
];

export function AdvancedFields({ draft, change, problem, hasTokenField }: FieldsProps & { hasTokenField: boolean }) {
  const [isOpen, setIsOpen] = useState(false);
  // A complaint about a hidden field would be a riddle.
  const isHidden = (name: string) => name !== 'huggingFaceToken' || hasTokenField;
  const isShown = isOpen || NAMES.some((name) => isHidden(name) && problem(name) !== undefined);
  return (
    <section className={styles.group}>
      <Button
        className={styles.toggle ?? ''}
        variant="subtle"
        size="compact-sm"
        aria-expanded={isShown}
        leftSection={isShown ? <IconChevronDown size={15} /> : <IconChevronRight size={15} />}
        onClick={() => setIsOpen(!isShown)}
      >
        Advanced
      </Button>
      <Collapse expanded={isShown}>
        <div className={styles.form}>
          <div className={styles.pair}>
            <TextInput
              label="Name"
              placeholder="The model's name"
              value={draft.name}
              onChange={(event) => change({ name: event.currentTarget.value })}
              error={problem('name')}
            />
            <TextInput
              label="Revision"
              placeholder="main"
              description="A branch, tag or commit."
              value={draft.revision}
              onChange={(event) => change({ revision: event.currentTarget.value })}
              error={problem('revision')}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
            />
          </div>
          {hasTokenField && <TokenField draft={draft} change={change} problem={problem} />}
          <div className={styles.pair}>
            <NumberInput
              label="Context length"
              description="Tokens per sequence; fitted to the hardware by default."
              placeholder="Automatic"
              min={128}
              thousandSeparator=" "
              value={draft.contextLength ?? ''}
              onChange={(value) => change({ contextLength: value === '' ? null : Number(value) })}
              error={problem('contextLength')}
            />
            <NumberInput
              label="Requests at once, per node"
              description="More wait in line, or for another node."
              min={1}
              max={1024}
              value={draft.targetConcurrency}
              onChange={(value) => change({ targetConcurrency: Number(value) || 1 })}
              error={problem('targetConcurrency')}
            />
          </div>
          <Textarea
            label="Runtime arguments"
            description="One a line, handed to the inference runtime."
            placeholder="--flag=value"
            rows={3}
            spellCheck={false}
            value={draft.runtimeArgs}
            onChange={(event) => change({ runtimeArgs: event.currentTarget.value })}
            error={problem('runtimeArgs')}
          />
          <Textarea
            label="Environment"
            description="NAME=value, one a line. Kept encrypted; only the names are shown again."
            placeholder="NAME=value"
            rows={3}
            spellCheck={false}
            value={draft.env}
            onChange={(event) => change({ env: event.currentTarget.value })}
            error={problem('env')}
          />
          <TextInput
            label="Custom domain"
            description="A host name of yours. Its state is shown on the endpoint page."
            placeholder="models.example.com"
            value={draft.customDomain}
            onChange={(event) => change({ customDomain: event.currentTarget.value })}
            error={problem('customDomain')}
          />
          <TextInput
            label="Telemetry (OTLP endpoint)"
            description="An OpenTelemetry collector of yours."
            placeholder="https://collector.example.com"
            value={draft.otlpEndpoint}
            onChange={(event) => change({ otlpEndpoint: event.currentTarget.value })}
            error={problem('telemetry.otlpEndpoint') ?? problem('telemetry')}
          />
          {draft.otlpEndpoint.trim() !== '' && (
            <Textarea
              label="Telemetry headers"
              description="name: value, one a line. Kept encrypted."
              rows={2}
              spellCheck={false}
              value={draft.otlpHeaders}
              onChange={(event) => change({ otlpHeaders: event.currentTarget.value })}
              error={problem('telemetry.headers')}
            />
          )}
        </div>
      </Collapse>
    </section>
  );
}
