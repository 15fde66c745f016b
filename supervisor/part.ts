/**
 * A part of the product: a program that the supervisor keeps running. Parts are data; supervised-part.ts
 * brings them to life.
 */
export interface Part {
  name: string;
  /** What to run. Called before every start, so that it may put things in order first. */
  command(): Promise<PartCommand>;
  /** Whether it does its work. Asked again and again after a start; a StartError ends the waiting. */
  isReady(running: RunningPart): Promise<boolean>;
  readyWithinMs: number;
  stopSignal: NodeJS.Signals;
  stopGraceMs: number;
}

export interface PartCommand {
  program: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Another user to run as. */
  user?: { uid: number; gid: number } | null;
}

export interface RunningPart {
  pid: number;
  /** What it has printed since this start. */
  output(): Promise<string>;
}
