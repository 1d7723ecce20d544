import type { LedgerRow } from '../store/ledger-rows.ts';
import type { LedgerReader } from './ledger-reader.ts';

/** One update of a subscription: what happened, and the cursor to go on from. */
export interface LedgerUpdate<Row extends LedgerRow = LedgerRow> {
  readonly row: Row;
  readonly cursor: string;
}

export interface LedgerSubscriptionOptions {
  readonly matches: (row: LedgerRow) => boolean;
  readonly cursorOf: (row: LedgerRow) => string;
  /** What the subscriber is told of an error in the middle of the stream. */
  readonly presentError: (error: unknown) => unknown;
  readonly enterCatchUp: () => (() => void) | null;
  readonly onClose: () => void;
}

const WAIT_FOR_PLACE_MS = 100;

/**
 * A stream of updates that is pulled. Written as an iterator and not as a generator: a generator that waits for its next update does
 * not return when the client goes away.
 */
export class LedgerSubscription implements AsyncIterableIterator<LedgerUpdate> {
  readonly #options: LedgerSubscriptionOptions;
  #reader: LedgerReader | undefined;
  #stop: (() => void) | undefined;
  #leaveCatchUp: (() => void) | undefined;
  #rows: readonly LedgerRow[] = [];
  #next = 0;
  #closed = false;
  #awake = false;
  #queue: Promise<unknown> = Promise.resolve();
  #wakeUp: (() => void) | undefined;
  #onWake: (() => void) | undefined;

  constructor(options: LedgerSubscriptionOptions) {
    this.#options = options;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  attach(reader: LedgerReader): void {
    this.#reader = reader;
  }

  onClosed(stop: () => void): void {
    if (this.#closed) stop();
    else this.#stop = stop;
  }

  /** Instead of pulling: `pull` is called whenever rows may be there, and takes them with `take`. */
  onWake(pull: () => void): void {
    this.#onWake = pull;
  }

  wake(): void {
    this.#awake = true;
    this.#onWake?.();
    this.#wakeUp?.();
  }

  /** Takes a place among those that read back from the database; null where there is none now. */
  tryCatchUp(): (() => void) | null {
    this.#leaveCatchUp ??= this.#options.enterCatchUp() ?? undefined;
    return this.#leaveCatchUp ?? null;
  }

  matches(row: LedgerRow): boolean {
    return this.#options.matches(row);
  }

  cursorOf(row: LedgerRow): string {
    return this.#options.cursorOf(row);
  }

  /** Rows are handed on: the next `take` begins after this one. */
  moveTo(row: LedgerRow): void {
    this.#reader?.moveTo(row);
  }

  /** New rows out of memory; null where the database must be read first (`takeFromDatabase`). */
  take(): readonly LedgerRow[] | null {
    const rows = this.#reader?.peek() ?? null;
    if (rows) this.#leave();
    return rows;
  }

  /** Rows to catch up with; waits for a place. Empty: nothing is left, or the subscription was closed. */
  async takeFromDatabase(): Promise<readonly LedgerRow[]> {
    while (!this.#closed && !this.tryCatchUp()) await new Promise((resolve) => setTimeout(resolve, WAIT_FOR_PLACE_MS).unref());
    if (this.#closed || !this.#reader) return [];
    const rows = await this.#reader.catchUp().catch((error: unknown) => {
      throw this.#options.presentError(error);
    });
    if (rows.length === 0) this.#leave();
    return this.#closed ? [] : rows;
  }

  /** Calls that overlap are answered one after the other. */
  next(): Promise<IteratorResult<LedgerUpdate>> {
    const result = this.#queue.then(() => this.#pull());
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #pull(): Promise<IteratorResult<LedgerUpdate>> {
    while (!this.#closed) {
      const row = this.#rows[this.#next];
      if (row) {
        this.#next += 1;
        this.#reader?.moveTo(row);
        if (this.matches(row)) return { done: false, value: { row, cursor: this.cursorOf(row) } };
      } else {
        await this.#fill();
      }
    }
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<LedgerUpdate>> {
    if (!this.#closed) {
      this.#closed = true;
      this.#rows = [];
      this.#leave();
      this.#stop?.();
      this.#options.onClose();
      this.#wakeUp?.();
      this.#onWake?.();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  async throw(error: unknown): Promise<IteratorResult<LedgerUpdate>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #fill(): Promise<void> {
    this.#next = 0;
    this.#awake = false;
    const live = this.take();
    this.#rows = live ?? (await this.takeFromDatabase());
    if (this.#rows.length === 0) await this.#sleep();
  }

  /** Until new rows are in the ring or the subscription is closed. */
  #sleep(): Promise<void> {
    if (this.#awake || this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wakeUp = () => {
        this.#wakeUp = undefined;
        resolve();
      };
    });
  }

  #leave(): void {
    this.#leaveCatchUp?.();
    this.#leaveCatchUp = undefined;
  }
}
