import { type Database, LEDGERS, type Ledger } from '../store/database.ts';
import { readFeedState } from '../store/feed-state.ts';
import type { LedgerPosition, LedgerRow } from '../store/ledger-rows.ts';
import { CursorExpiredError, decodeCursor, encodeCursor } from './cursor.ts';
import { LedgerReader } from './ledger-reader.ts';
import { LedgerSubscription } from './ledger-subscription.ts';
import { isAfter, Tail, type TailOptions } from './tail.ts';

/** Subscriptions of one token that may read back from the database at the same time. */
const CATCH_UPS_A_TOKEN = 10;

/** Too many subscriptions of this token are catching up from the database. */
export class TooManyCatchUpsError extends Error {
  override readonly name = 'TooManyCatchUpsError';
}

export interface SubscribeOptions {
  readonly ledger: Ledger;
  /** Cursor of the last update seen; null: from now on. */
  readonly after: string | null;
  readonly matches: (row: LedgerRow) => boolean;
  /** What the subscriber is told of an error in the middle of the stream; as it is where absent. */
  readonly presentError?: (error: unknown) => unknown;
  /** Who reads, for the limit on catching up. */
  readonly reader: string;
}

export interface FeedCounts {
  readonly subscribers: Record<Ledger, number>;
  readonly catchUps: number;
  readonly catchUpsTotal: number;
  /** From the writing of a line to its reading here, of the last one read; in seconds. */
  readonly lag: Record<Ledger, number>;
  /** Sent to sockets. */
  readonly bytesOut: number;
}

const zeroes = () => Object.fromEntries(LEDGERS.map((ledger) => [ledger, 0])) as Record<Ledger, number>;

export interface FeedOptions extends TailOptions {
  readonly catchUpsPerReader?: number;
}

/** The ledgers as live streams: one tail each, any number of readers, all state in the database. */
export class Feed {
  readonly #database: Database;
  readonly #options: FeedOptions;
  readonly #tails: Record<Ledger, Tail>;
  readonly #subscribers: Record<Ledger, number> = zeroes();
  readonly #catchingUp = new Map<string, number>();
  readonly #lag: Record<Ledger, number> = zeroes();
  #catchUpsTotal = 0;
  #bytesOut = 0;

  constructor(database: Database, options: FeedOptions = {}) {
    this.#database = database;
    this.#options = options;
    const openTail = (ledger: Ledger) => new Tail(database, ledger, { ...options, onRead: (rows) => this.#noteLag(ledger, rows) });
    this.#tails = Object.fromEntries(LEDGERS.map((ledger) => [ledger, openTail(ledger)])) as Record<Ledger, Tail>;
  }

  /** Bytes that were handed to sockets. */
  countBytes(bytes: number): void {
    this.#bytesOut += bytes;
  }

  #noteLag(ledger: Ledger, rows: readonly LedgerRow[]): void {
    const last = rows.at(-1);
    if (last) this.#lag[ledger] = Math.max(0, Date.now() - last.recordedAt.getTime()) / 1_000;
  }

  counts(): FeedCounts {
    const catchUps = [...this.#catchingUp.values()].reduce((sum, count) => sum + count, 0);
    return {
      subscribers: { ...this.#subscribers },
      catchUps,
      catchUpsTotal: this.#catchUpsTotal,
      lag: { ...this.#lag },
      bytesOut: this.#bytesOut,
    };
  }

  /** Listeners of all tails: 0 when nobody subscribes. */
  get listenerCount(): number {
    return LEDGERS.reduce((sum, ledger) => sum + this.#tails[ledger].listenerCount, 0);
  }

  tail(ledger: Ledger): Tail {
    return this.#tails[ledger];
  }

  /**
   * @throws MalformedCursorError, CursorExpiredError for `after`
   * @throws TooManyCatchUpsError where this reader's token already reads back with as many subscriptions as it may
   */
  async subscribe(options: SubscribeOptions): Promise<LedgerSubscription> {
    const { ledger, after } = options;
    const { epochTag, floor } = await readFeedState(this.#database, ledger);
    const position = after === null ? null : decodeCursor(after, ledger, epochTag);
    if (position && isAfter(floor, position)) {
      throw new CursorExpiredError('`after` is older than what is kept; read the list anew and start without it');
    }
    const subscription = new LedgerSubscription({
      matches: options.matches,
      cursorOf: (row) => encodeCursor(ledger, epochTag, row),
      presentError: options.presentError ?? ((error) => error),
      enterCatchUp: () => this.#enterCatchUp(options.reader),
      onClose: () => {
        this.#subscribers[ledger] -= 1;
      },
    });
    this.#subscribers[ledger] += 1;
    try {
      await this.#attach(subscription, ledger, position);
    } catch (error) {
      await subscription.return();
      throw error;
    }
    return subscription;
  }

  async #attach(subscription: LedgerSubscription, ledger: Ledger, position: LedgerPosition | null): Promise<void> {
    const tail = this.#tails[ledger];
    const { snapshot, stop } = await tail.listen(() => subscription.wake());
    subscription.onClosed(stop);
    if (position && position.txid >= snapshot.xmax) {
      throw new CursorExpiredError('`after` lies ahead of this database; read the list anew and start without it');
    }
    const start = position ?? { txid: snapshot.xmin, id: -1n };
    const reader = new LedgerReader(this.#database, tail, start, position ? null : snapshot);
    if (position && !reader.isLive && subscription.tryCatchUp() === null) {
      throw new TooManyCatchUpsError(
        `${this.#limit} subscriptions of this token are catching up already; wait until one is live, then subscribe again`,
      );
    }
    subscription.attach(reader);
  }

  get #limit(): number {
    return this.#options.catchUpsPerReader ?? CATCH_UPS_A_TOKEN;
  }

  /** @returns what ends the catch-up; null where this reader's token has no place left now */
  #enterCatchUp(reader: string): (() => void) | null {
    const running = this.#catchingUp.get(reader) ?? 0;
    if (running >= this.#limit) return null;
    this.#catchingUp.set(reader, running + 1);
    this.#catchUpsTotal += 1;
    return () => {
      const left = (this.#catchingUp.get(reader) ?? 1) - 1;
      if (left === 0) this.#catchingUp.delete(reader);
      else this.#catchingUp.set(reader, left);
    };
  }
}
