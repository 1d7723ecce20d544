import type { Database } from '../store/database.ts';
import { type Horizon, readHorizon } from '../store/feed-horizon.ts';

const LOOK_MS = 1_000;
/** From here on the log says who holds the feed. */
const WARN_SECONDS = 5;

export interface HorizonState {
  /** For how long the same transaction has held the horizon; 0 = nobody holds it. */
  readonly ageSeconds: number;
  readonly blocker: string | null;
}

export interface HorizonWarnings {
  /** Once per stall, when it has lasted 5 seconds. */
  stalled(state: HorizonState): void;
  /** When a stall that was warned of is over. */
  resumed(seconds: number): void;
}

/**
 * Watches what the feed waits for. A writing transaction that stays open, in any database of the cluster, holds back every update that
 * was committed after it began: that must be seen.
 */
export class HorizonMonitor {
  readonly #database: Database;
  readonly #warnings: HorizonWarnings;
  readonly #timer: NodeJS.Timeout;
  #held: { xmin: bigint; since: number; warned: boolean } | undefined;
  #state: HorizonState = { ageSeconds: 0, blocker: null };
  #looking = false;

  constructor(database: Database, warnings: HorizonWarnings) {
    this.#database = database;
    this.#warnings = warnings;
    this.#timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  get state(): HorizonState {
    return this.#state;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** One look; a failed one leaves the state as it was, since /readyz tells of a database that does not answer. */
  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      this.#observe(await readHorizon(this.#database));
    } catch {
      // The database does not answer: no news of the horizon.
    } finally {
      this.#looking = false;
    }
  }

  #observe({ xmin, xmax, blocker }: Horizon): void {
    const now = performance.now();
    const before = this.#held;
    if (xmin === xmax || before?.xmin !== xmin) {
      if (before?.warned) this.#warnings.resumed(Math.round((now - before.since) / 1_000));
      this.#held = xmin === xmax ? undefined : { xmin, since: now, warned: false };
    }
    const held = this.#held;
    this.#state = held ? { ageSeconds: (now - held.since) / 1_000, blocker } : { ageSeconds: 0, blocker: null };
    if (!held || held.warned || this.#state.ageSeconds < WARN_SECONDS) return;
    held.warned = true;
    this.#warnings.stalled(this.#state);
  }
}
