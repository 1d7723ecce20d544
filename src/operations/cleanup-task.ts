import type { Settings } from '../domain/settings/settings.ts';
import type { Instance } from './instance.ts';

/** What a task of the cleanup is given. */
export interface CleanupContext {
  readonly instance: Instance;
  readonly settings: Settings;
  /** The instant that the run goes by, for all its tasks. */
  readonly at: Date;
  /** Rows in one transaction. */
  readonly sliceSize: number;
  /** For work that has slices of its own; `keepOn` looks at it too. */
  readonly signal: AbortSignal | undefined;
  /** Call between two slices: keeps the right to run. Throws where it was lost or the process ends. */
  keepOn(): Promise<void>;
}

/** One part of the cleanup. Slices that may be killed anywhere; done again it finds what is left. */
export interface CleanupTask {
  readonly name: string;
  /** @returns how many rows it changed or deleted */
  run(context: CleanupContext): Promise<number>;
}
