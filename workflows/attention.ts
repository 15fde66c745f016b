/**
 * Signals only say "look again": they are counted here, and whoever waits looks when the count has grown
 * since its last look. A signal that comes while nobody waits is seen by the next wait.
 */
import { condition } from '@temporalio/workflow';

export class Attention {
  #calls = 0;
  #seen = 0;
  /** True until the nodes have been looked at since the last signal, timer or start of this run. */
  #inspectionDue = true;

  call(): void {
    this.#calls += 1;
    this.#inspectionDue = true;
  }

  /** To be called right before the records are read. */
  look(): void {
    this.#seen = this.#calls;
  }

  get called(): boolean {
    return this.#calls > this.#seen;
  }

  /** Waits for the next signal, at most so long; a wait that times out asks for an inspection too. */
  async wait(seconds: number, summary: string): Promise<void> {
    if (!(await condition(() => this.called, seconds * 1000, { summary }))) this.#inspectionDue = true;
  }

  takeInspection(): boolean {
    const due = this.#inspectionDue;
    this.#inspectionDue = false;
    return due;
  }
}
