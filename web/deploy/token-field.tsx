import { PasswordInput } from '@mantine/core';
import type { FieldsProps } from './fields-props.ts';

export function TokenField({ draft, change, problem }: FieldsProps) {
  return (
    <PasswordInput
      label="Hugging Face token"
      description="For gated and private models. Kept encrypted, never shown again."
      autoComplete="off"
      value={draft.huggingFaceToken}
      onChange={(event) => change({ huggingFaceToken: event.currentTarget.value })}
      error={problem('huggingFaceToken')}
    />
  );
}
