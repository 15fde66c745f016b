/**
 * All parts of one home, by name. Start them in any order, also several at once; stop them one by one in
 * the order that lets each finish its work.
 */
import type { Part } from './part.ts';
import { ProcessFiles } from './process-files.ts';
import { SupervisedPart, type SupervisionOptions } from './supervised-part.ts';

export interface SupervisorOptions {
  home: string;
  tell: (text: string) => void;
}

export class Supervisor {
  readonly files: ProcessFiles;
  readonly #options: SupervisionOptions;
  readonly #parts = new Map<string, SupervisedPart>();
  #stopping = false;

  constructor(options: SupervisorOptions) {
    this.files = new ProcessFiles(options.home);
    this.#options = { ...options, files: this.files };
  }

  /** Resolves when the part is ready. */
  async start(part: Part): Promise<void> {
    if (this.#stopping) throw new Error('everything is being stopped');
    const supervised = new SupervisedPart(part, this.#options);
    this.#parts.set(part.name, supervised);
    await supervised.start();
  }

  /** Nothing is started from now on. */
  beginStop(): void {
    this.#stopping = true;
  }

  /** Returns once the part is gone; one that was never started is. */
  async stop(name: string, hurry?: AbortSignal): Promise<void> {
    await this.#parts.get(name)?.stop(hurry);
  }
}
