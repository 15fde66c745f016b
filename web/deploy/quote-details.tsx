import { scrollClass, tableClass } from '../parts/page.tsx';
import styles from './quote-details.module.css';
import { CONFIDENCE, NUMBER_NAMES, numberText } from './quote-words.ts';
import type { Quote } from './use-quote.ts';

/** Why this hardware, and where each number comes from. */
export function QuoteDetails({ quote }: { quote: Quote }) {
  return (
    <details className={styles.details}>
      <summary>Why this, and where the numbers come from</summary>
      <ul className={styles.reasons}>
        {quote.workload && (
          <li>
            chosen for {quote.workload.sequences} sequences of {quote.workload.contextLength.toLocaleString('en-US')}{' '}
            tokens at once
          </li>
        )}
        {quote.reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
      <div className={scrollClass} tabIndex={0} role="region" aria-label="Where the numbers come from">
        <table className={`${tableClass} ${styles.numbers}`}>
          <thead>
            <tr>
              <th>Number</th>
              <th data-right="true">Value</th>
              <th>From</th>
              <th>How sure</th>
            </tr>
          </thead>
          <tbody>
            {quote.numbers.map((number) => (
              <tr key={number.name}>
                <td>{NUMBER_NAMES[number.name]}</td>
                <td data-right="true" className="num">
                  {numberText(number)}
                </td>
                <td className="dim">{number.source}</td>
                <td>{CONFIDENCE[number.confidence]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {quote.runtimeFlags.length > 0 && (
        <p className={styles.flags}>
          The runtime is started with <code>{quote.runtimeFlags.join(' ')}</code>
        </p>
      )}
    </details>
  );
}
