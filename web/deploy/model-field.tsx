import { Button, TextInput } from '@mantine/core';
import { BUILTIN_MODEL } from '../../domain/builtin-model.ts';
import { isModelId } from '../../domain/model-id.ts';
import type { FieldsProps } from './deploy-page.tsx';
import styles from './deploy-page.module.css';

export function ModelField({ draft, change, problem }: FieldsProps) {
  const model = draft.model.trim();
  const hint = model && !isModelId(model) ? 'A model id looks like org/name.' : undefined;
  return (
    <section className={styles.group}>
      <h2>Model</h2>
      <TextInput
        label="Hugging Face model id"
        placeholder="org/name"
        autoFocus
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="none"
        value={draft.model}
        onChange={(event) => change({ model: pastedModel(event.currentTarget.value) })}
        description={hint}
        error={problem('model')}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
      />
      {model !== BUILTIN_MODEL.id && (
        <div className={styles.suggestion}>
          <span>
            <code>{BUILTIN_MODEL.id}</code> comes along and needs no download.
          </span>
          <Button variant="default" size="xs" onClick={() => change({ model: BUILTIN_MODEL.id })}>
            Use it
          </Button>
        </div>
      )}
    </section>
  );
}

/** The address of a model's page is taken for its id. */
function pastedModel(text: string): string {
  const path = /^https?:\/\/[^/]+\/([\w.-]+\/[\w.-]+)/.exec(text.trim());
  return path?.[1] ?? text;
}
