import type { Database } from '../store/database.ts';
import { readFeedState } from '../store/feed-state.ts';
import { isVisible, type LedgerPosition, type LedgerRow, readLedger, type Snapshot } from '../store/ledger-rows.ts';
import { CursorExpiredError } from './cursor.ts';
import { isAfter, type Tail } from './tail.ts';

const CATCH_UP_ROWS = 1_000;

/**
 * One reader of a ledger: a position and nothing else. What is in the tail's ring it takes from there; further back it reads from the
 * database, as slowly as whoever pulls it. So no buffer grows and nothing is lost.
 */
export class LedgerReader {
  readonly #database: Database;
  readonly #tail: Tail;
  /** Rows that had been committed when a reader without a cursor began are the past to it. */
  readonly #past: Snapshot | null;
  #position: LedgerPosition;

  constructor(database: Database, tail: Tail, position: LedgerPosition, past: Snapshot | null) {
    this.#database = database;
    this.#tail = tail;
    this.#position = position;
    this.#past = past;
  }

  get position(): LedgerPosition {
    return this.#position;
  }

  /** Does the ring hold all that this reader has not seen? */
  get isLive(): boolean {
    return this.#tail.ringAfter(this.#position) !== null;
  }

  /** What is new, out of the ring; null: it must catch up from the database first. */
  peek(): readonly LedgerRow[] | null {
    const rows = this.#tail.ringAfter(this.#position);
    return rows && this.#skipPast(rows);
  }

  /**
   * The next rows from the database; empty: nothing is left to catch up with.
   *
   * @throws CursorExpiredError where retention has taken rows that this reader has not seen
   */
  async catchUp(): Promise<readonly LedgerRow[]> {
    for (;;) {
      const ringStart = this.#tail.ringStart;
      const rows = await readLedger(this.#database, this.#tail.ledger, this.#position, CATCH_UP_ROWS);
      const { floor } = await readFeedState(this.#database, this.#tail.ledger);
      if (isAfter(floor, this.#position)) {
        throw new CursorExpiredError(
          'retention has deleted updates that this subscription had not read; read the list anew and start without `after`',
        );
      }
      // Nothing is left below the horizon, and the ring began below it: whatever comes now comes through the ring.
      if (rows.length === 0 && ringStart && isAfter(ringStart, this.#position)) this.moveTo(ringStart);
      const fresh = this.#skipPast(rows);
      if (fresh.length > 0 || rows.length < CATCH_UP_ROWS) return fresh;
    }
  }

  /** Everything up to here has been handed on. */
  moveTo(position: LedgerPosition): void {
    this.#position = { txid: position.txid, id: position.id };
  }

  #skipPast(rows: readonly LedgerRow[]): readonly LedgerRow[] {
    const past = this.#past;
    const last = rows.at(-1);
    if (!past || !last || (rows[0] && rows[0].txid >= past.xmax)) return rows;
    const fresh = rows.filter((row) => !isVisible(row.txid, past));
    if (fresh.length === 0) this.moveTo(last);
    return fresh;
  }
}
