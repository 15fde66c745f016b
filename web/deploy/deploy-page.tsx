/**
 * Deploying: a model, how it scales, where it runs, and whatever else is special, with what it would cost beside
 * it. Answers at once with the endpoint's page.
 */
import { Button } from '@mantine/core';
import { IconBolt } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { ApiError } from '../client/api-error.ts';
import { ErrorNotice } from '../parts/error-notice.tsx';
import { Page } from '../parts/page.tsx';
import { AdvancedFields } from './advanced-fields.tsx';
import styles from './deploy-page.module.css';
import { type Draft, problemOf, provisionRequest, useDraft } from './draft.ts';
import { HardwareFields } from './hardware-fields.tsx';
import { ModelField } from './model-field.tsx';
import { PriceAcceptance, useAcceptance } from './price-acceptance.tsx';
import { QuotePanel } from './quote-panel.tsx';
import { asksForToken } from './quote-refusal.ts';
import { ScalingFields } from './scaling-fields.tsx';
import { useDeploy } from './use-deploy.ts';
import { type QuoteState, useQuote } from './use-quote.ts';

export default function DeployPage() {
  const { draft, change } = useDraft();
  const state = useQuote(draft);
  const deploy = useDeploy();
  const refused = deploy.error?.fields ?? {};
  const fields = { ...state.error?.fields, ...refused };
  const problem = (name: string) => problemOf(fields, name);
  const acceptance = useAcceptance(state.quote, deploy.error);
  const needsToken = useNeedsToken(draft, state);
  const { quote } = state;
  const isHeldBack = quote?.deployable === false || (acceptance.asked !== null && !acceptance.isAccepted);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (deploy.isPending || isHeldBack || draft.model.trim() === '') return;
    deploy.mutate({ ...provisionRequest(draft), ...(acceptance.isAccepted ? { acceptPrice: true } : {}) });
  };
  const isRefusedAtFields = Object.keys(refused).length > 0;
  return (
    <Page title="Deploy a model">
      <form className={styles.layout} onSubmit={submit} noValidate>
        <div className={styles.form}>
          <ModelField draft={draft} change={change} problem={problem} state={state} asksForToken={needsToken} />
          <ScalingFields draft={draft} change={change} problem={problem} />
          <HardwareFields draft={draft} change={change} problem={problem} state={state} />
          <AdvancedFields draft={draft} change={change} problem={problem} hasTokenField={!needsToken} />
        </div>
        <aside className={styles.aside} aria-label="Quote and deploy">
          <QuotePanel draft={draft} state={state} />
          <PriceAcceptance acceptance={acceptance} />
          <ErrorNotice error={isRefusedAtFields ? refusal(refused) : inPlainWords(deploy.error)} />
          <Button
            type="submit"
            size="md"
            leftSection={<IconBolt size={17} />}
            loading={deploy.isPending || deploy.isSuccess}
            disabled={draft.model.trim() === '' || isHeldBack}
          >
            Deploy
          </Button>
        </aside>
      </form>
    </Page>
  );
}

/** Once a model has asked for a token its field stays, also while the next answer is awaited. */
function useNeedsToken(draft: Draft, { quote, error }: QuoteState): boolean {
  const model = draft.model.trim();
  const [askingModel, setAskingModel] = useState<string | null>(null);
  const isAsking = quote?.gated === true || (error !== null && asksForToken(error));
  if (isAsking && askingModel !== model) setAskingModel(model);
  return isAsking || askingModel === model;
}

/** The problems themselves stand at the fields. */
function refusal(fields: Readonly<Record<string, string>>): ApiError {
  return new ApiError(422, 'invalid_request', `Not deployed yet. Please correct: ${Object.keys(fields).join(', ')}.`);
}

/** The server names the field of the API; here there is a box to tick. */
function inPlainWords(error: ApiError | null): ApiError | null {
  if (error?.code !== 'price_not_accepted') return error;
  const message = error.message.replace(/ Send "acceptPrice".*$/s, ' Accept it above to go on, or ask for less.');
  return new ApiError(error.status, error.code, message);
}
