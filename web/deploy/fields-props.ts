import type { Draft } from './draft.ts';

/** What every group of fields on the deploy page works with. */
export interface FieldsProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  /** What the server says of a field. */
  problem: (name: string) => string | undefined;
}
