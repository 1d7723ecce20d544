import type { Meaning } from './verdict.ts';

/** Failures that were taken for one thing and are, or would be, taken for another. */
export interface VerdictChange {
  readonly before: Meaning;
  readonly after: Meaning;
  readonly failures: number;
}

/** Failures counted by what they were taken for and what they are taken for instead. */
export class VerdictChanges {
  readonly #counted: Map<string, VerdictChange>;

  /** @param counted what was counted before */
  constructor(counted: readonly VerdictChange[] = []) {
    this.#counted = new Map(counted.map((change) => [nameOf(change), change]));
  }

  add(before: Meaning, after: Meaning): void {
    const name = nameOf({ before, after });
    this.#counted.set(name, { before, after, failures: (this.#counted.get(name)?.failures ?? 0) + 1 });
  }

  /** The most frequent first. */
  list(): readonly VerdictChange[] {
    return [...this.#counted.values()].sort((a, b) => b.failures - a.failures);
  }
}

function nameOf(change: Pick<VerdictChange, 'before' | 'after'>): string {
  return [change.before, change.after].map(({ type, reason, fault }) => `${type} ${reason} ${fault}`).join(' ');
}
