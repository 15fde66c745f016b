/** Where it runs: chosen by the server, or by hand; with what else would do, and why this was chosen. */
import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { tiersQuery } from '../client/queries.ts';
import { Alternatives } from './alternatives.tsx';
import type { FieldsProps } from './fields-props.ts';
import styles from './deploy-page.module.css';
import { hardwareChange, hardwareChoices, hardwareValue } from './hardware-choices.ts';
import { QuoteDetails } from './quote-details.tsx';
import type { QuoteState } from './use-quote.ts';

export function HardwareFields({ draft, change, problem, state }: FieldsProps & { state: QuoteState }) {
  const tiers = useQuery(tiersQuery);
  const items = tiers.data?.items ?? [];
  const choices = hardwareChoices(items, draft);
  return (
    <section className={styles.group}>
      <h2>Hardware</h2>
      <Select
        label="Runs on"
        description={
          <>
            Automatic takes the cheapest that holds the model. <Link to="/tiers">All tiers and prices</Link>
          </>
        }
        data={choices}
        value={hardwareValue(draft)}
        onChange={(value) => value && change(hardwareChange(value))}
        allowDeselect={false}
        searchable={items.length > 8}
        nothingFoundMessage="No such hardware."
        error={problem('tier') ?? problem('provider') ?? problem('region')}
      />
      {state.quote && <Alternatives quote={state.quote} choose={(tier) => change({ tier })} />}
      {state.quote && <QuoteDetails quote={state.quote} />}
    </section>
  );
}
