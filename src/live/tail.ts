import type { Database, Ledger } from '../store/database.ts';
import { type LedgerPosition, type LedgerRow, readLedger, readSnapshot, type Snapshot } from '../store/ledger-rows.ts';

/** The guarantee: a hint may be lost, the poll is not. */
const POLL_MS = 250;
const READ_ROWS = 1_000;
/** Recent rows in memory, shared by all readers; who is further behind reads from the database. */
const RING_ROWS = 8_192;
const RETRY_MS = 1_000;

export interface TailOptions {
  readonly pollMs?: number;
  readonly ringRows?: number;
  /** Told of a failed read; the tail tries again by itself. */
  readonly onError?: (error: unknown) => void;
  /** Told of every read, with the rows that it brought. */
  readonly onRead?: (rows: readonly LedgerRow[]) => void;
}

export const isAfter = (a: LedgerPosition, b: LedgerPosition): boolean => a.txid > b.txid || (a.txid === b.txid && a.id > b.id);

/**
 * One tail per ledger and node, at work only while somebody listens: it polls, takes hints, and keeps a ring of the newest rows.
 *
 * Readers are woken after the ring has grown and take the rows themselves, so that a slow reader holds up nobody.
 */
export class Tail {
  readonly ledger: Ledger;
  readonly #database: Database;
  readonly #options: TailOptions;
  readonly #listeners = new Set<() => void>();
  #ring: LedgerRow[] = [];
  /** Everything up to here has been read into the ring, or was before it. */
  #position: LedgerPosition | undefined;
  /** The row before the ring's first one: who stands before it must read from the database. */
  #ringStart: LedgerPosition | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopHints: (() => void) | undefined;
  #reading = false;
  #again = false;
  #starting: Promise<void> | undefined;

  constructor(database: Database, ledger: Ledger, options: TailOptions = {}) {
    this.#database = database;
    this.ledger = ledger;
    this.#options = options;
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** Where the ring ends; undefined while nobody listens. */
  get position(): LedgerPosition | undefined {
    return this.#position;
  }

  /** The place before the ring's first row; undefined while nobody listens. */
  get ringStart(): LedgerPosition | undefined {
    return this.#ringStart;
  }

  /**
   * Starts to listen.
   *
   * @param wake called after new rows are in the ring
   * @returns the snapshot before which nothing is new to this listener, and a function that ends the listening
   */
  async listen(wake: () => void): Promise<{ snapshot: Snapshot; stop: () => void }> {
    this.#listeners.add(wake);
    const stop = () => {
      if (this.#listeners.delete(wake) && this.#listeners.size === 0) this.#stop();
    };
    try {
      const snapshot = await readSnapshot(this.#database);
      this.#starting ??= this.#start(snapshot);
      await this.#starting;
      return { snapshot, stop };
    } catch (error) {
      stop();
      throw error;
    }
  }

  /** Rows after a position out of the ring; null where the ring no longer holds them all. */
  ringAfter(position: LedgerPosition): readonly LedgerRow[] | null {
    if (!this.#ringStart || isAfter(this.#ringStart, position)) return null;
    return this.#ring.slice(firstAfter(this.#ring, position));
  }

  async #start(snapshot: Snapshot): Promise<void> {
    this.#position ??= { txid: snapshot.xmin, id: -1n };
    this.#ringStart ??= this.#position;
    this.#stopHints = this.#database.hints.listen((ledger) => {
      if (ledger === this.ledger) this.poll();
    });
    this.#schedule(0);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#stopHints?.();
    this.#timer = undefined;
    this.#stopHints = undefined;
    this.#starting = undefined;
    this.#position = undefined;
    this.#ringStart = undefined;
    this.#ring = [];
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#listeners.size === 0) return;
    this.#timer = setTimeout(() => this.poll(), ms).unref();
  }

  /** Reads what is new now. Calls at the same time share one reading, and one more after it. */
  poll(): void {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    void this.#read();
  }

  async #read(): Promise<void> {
    const from = this.#position;
    if (!from || this.#listeners.size === 0) return;
    this.#reading = true;
    this.#again = false;
    let nextMs = this.#options.pollMs ?? POLL_MS;
    try {
      const rows = await readLedger(this.#database, this.ledger, from, READ_ROWS);
      // Nobody listens any more, or the tail was started anew meanwhile: these rows belong to a ring that is gone.
      if (this.#position === from) {
        this.#append(rows);
        if (rows.length === READ_ROWS) nextMs = 0;
      }
      this.#options.onRead?.(rows);
    } catch (error) {
      nextMs = RETRY_MS;
      this.#options.onError?.(error);
    } finally {
      this.#reading = false;
    }
    this.#schedule(this.#again ? 0 : nextMs);
  }

  #append(rows: readonly LedgerRow[]): void {
    const last = rows.at(-1);
    if (!last) return;
    this.#ring.push(...rows);
    this.#position = { txid: last.txid, id: last.id };
    const surplus = this.#ring.length - (this.#options.ringRows ?? RING_ROWS);
    if (surplus > 0) {
      const dropped = this.#ring[surplus - 1];
      if (dropped) this.#ringStart = { txid: dropped.txid, id: dropped.id };
      this.#ring = this.#ring.slice(surplus);
    }
    for (const wake of [...this.#listeners]) wake();
  }
}

function firstAfter(rows: readonly LedgerRow[], position: LedgerPosition): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row && isAfter(row, position)) high = middle;
    else low = middle + 1;
  }
  return low;
}
