import type { Tier } from '../client/types.ts';
import { usd } from '../parts/format.ts';
import { scrollClass, tableClass } from '../parts/page.tsx';
import styles from './tiers-page.module.css';

const PROVIDERS = { local: 'This machine', aws: 'AWS', gcp: 'Google Cloud' };

export function TierTable({ label, tiers }: { label: string; tiers: readonly Tier[] }) {
  return (
    <div className={scrollClass} tabIndex={0} role="region" aria-label={label}>
      <table className={`${tableClass} ${styles.tiers}`}>
        <thead>
          <tr>
            <th>Tier</th>
            <th>Where</th>
            <th data-right="true">Usable memory</th>
            <th data-right="true">Per node and hour</th>
            <th>Price from</th>
          </tr>
        </thead>
        <tbody>
          {tiers.map((tier) => (
            <tr key={tier.id} data-available={tier.available}>
              <td>
                {tier.title}
                <br />
                <code className="faint">{tier.id}</code>
              </td>
              <td>{PROVIDERS[tier.provider]}</td>
              <td data-right="true" className="num">
                {memory(tier)}
              </td>
              <td data-right="true" className="num">
                {tier.usdPerHour === null ? <span className="faint">unknown</span> : usd(tier.usdPerHour)}
              </td>
              <td className={styles.source}>
                {tier.priceDate && <span className="num">{tier.priceDate}</span>}
                <span>{tier.priceSource}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function memory({ usableMemoryGiBPerGpu: each, gpuCount }: Tier): string {
  if (each === null) return "the machine's own";
  const one = `${Number.isInteger(each) ? each : each.toFixed(1)} GiB`;
  return gpuCount > 1 ? `${gpuCount} × ${one}` : one;
}
