/** What a person sees: one line per part as it comes up, and what happens to parts later. */

const SLOW_AFTER_MS = 10_000;

export interface Terminal {
  line(text?: string): void;
  /** Prints the part with its seconds when the work is done, and says so when it takes long. */
  step<T>(part: string, work: () => Promise<T>, detail?: (result: T) => string): Promise<T>;
}

export function createTerminal(write: (text: string) => void = writeToStandardOutput): Terminal {
  const line = (text = '') => write(`${text}\n`);
  return {
    line,
    async step(part, work, detail) {
      const startedAtMs = performance.now();
      const seconds = () => ((performance.now() - startedAtMs) / 1000).toFixed(1).padStart(6);
      const slow = setInterval(() => line(`  ${part.padEnd(12)} …      ${seconds()} s`), SLOW_AFTER_MS);
      try {
        const result = await work();
        const extra = detail?.(result) ?? '';
        line(`  ${part.padEnd(12)} ready  ${seconds()} s${extra ? `   ${extra}` : ''}`);
        return result;
      } finally {
        clearInterval(slow);
      }
    },
  };
}

function writeToStandardOutput(text: string): void {
  process.stdout.write(text);
}
