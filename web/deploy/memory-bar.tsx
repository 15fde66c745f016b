/** What a node's memory is taken by, to scale, with the numbers below. */
import { bytes } from '../parts/format.ts';
import styles from './memory-bar.module.css';
import type { Quote } from './use-quote.ts';

export function MemoryBar({ memory }: { memory: Quote['memory'] }) {
  const isSized = memory.weightsBytes > 0;
  const parts = [
    { part: 'weights', name: 'Weights', size: memory.weightsBytes },
    { part: 'cache', name: 'KV cache', size: memory.kvCacheBytes },
    { part: 'overhead', name: 'Overhead', size: memory.overheadBytes },
    { part: 'free', name: 'Free', size: Math.max(0, memory.usableBytes - memory.requiredBytes) },
  ];
  const total = bytes(memory.usableBytes);
  if (!isSized) return <p className={styles.unknown}>The size of the model is not known; the node has {total}.</p>;
  const spoken = parts.map(({ name, size }) => `${name} ${bytes(size)}`).join(', ');
  return (
    <div>
      <p className={styles.head}>
        <span>Memory of a node</span>
        <span className="num">{total}</span>
      </p>
      <div className={styles.bar} role="img" aria-label={`Of ${total}: ${spoken}.`}>
        {parts.map(({ part, size }) => (
          <span key={part} data-part={part} style={{ flexGrow: size / memory.usableBytes }} />
        ))}
      </div>
      <dl className={styles.legend}>
        {parts.map(({ part, name, size }) => (
          <div key={part}>
            <dt>
              <span className={styles.key} data-part={part} aria-hidden="true" />
              {name}
            </dt>
            <dd className="num">{bytes(size)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
