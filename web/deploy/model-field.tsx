import { Button, TextInput } from '@mantine/core';
import { BUILTIN_MODEL } from '../../domain/builtin-model.ts';
import type { FieldsProps } from './fields-props.ts';
import styles from './deploy-page.module.css';
import { ModelState } from './model-state.tsx';
import { TokenField } from './token-field.tsx';
import type { QuoteState } from './use-quote.ts';

export function ModelField(props: FieldsProps & { state: QuoteState; asksForToken: boolean }) {
  const { draft, change, problem, state, asksForToken } = props;
  const model = draft.model.trim();
  return (
    <section className={styles.group}>
      <h2>Model</h2>
      <div className={styles.tight}>
        <TextInput
          label="Hugging Face model id"
          placeholder="org/name"
          autoFocus
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="none"
          value={draft.model}
          onChange={(event) => change({ model: pastedModel(event.currentTarget.value) })}
          error={problem('model')}
        />
        <ModelState model={model} hasToken={draft.huggingFaceToken.trim() !== ''} state={state} />
      </div>
      {asksForToken && <TokenField draft={draft} change={change} problem={problem} />}
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
