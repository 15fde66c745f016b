import styles from './alternatives.module.css';
import { headroom, hourly } from './quote-words.ts';
import type { Quote } from './use-quote.ts';

/** What else holds the model with room to spare; one press takes it instead. */
export function Alternatives({ quote, choose }: { quote: Quote; choose: (tier: string) => void }) {
  if (quote.alternatives.length === 0) return null;
  const margin = quote.memory.marginBytesPerGpu;
  return (
    <div>
      <h3 className={styles.title}>Holds it with room to spare</h3>
      <ul className={styles.cards}>
        <li className={styles.card} data-chosen="true">
          <strong>{quote.tierTitle}</strong>
          <span className={styles.facts}>
            <span className="num">{hourly(quote.price.usdPerHour)}</span>
            {margin !== null && <span className="dim">{headroom(margin, quote.tensorParallel)}</span>}
          </span>
          <span className={styles.tag}>in this quote</span>
        </li>
        {quote.alternatives.map((other) => (
          <li key={other.tier}>
            <button type="button" className={styles.card} onClick={() => choose(other.tier)}>
              <strong>{other.title}</strong>
              <span className={styles.facts}>
                <span className="num" title={`${other.priceSource}${other.priceDate ? `, ${other.priceDate}` : ''}`}>
                  {hourly(other.usdPerHour)}
                </span>
                <span className="dim">{headroom(other.marginBytesPerGpu, other.tensorParallel)}</span>
              </span>
              <span className={styles.tag}>use instead</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
