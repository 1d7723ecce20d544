import type { LedgerRow } from '../store/ledger-rows.ts';
import type { LedgerSubscription, LedgerUpdate } from './ledger-subscription.ts';

/** One client of a broadcast. */
export interface Receiver {
  /** Hands over payloads in order; they are written at once. */
  send(payloads: readonly Buffer[]): void;
  /** Bytes handed over and not yet taken by the network. */
  readonly bufferedBytes: number;
  /** Resolves when the client has taken most of it, or is gone. */
  drained(): Promise<void>;
}

/** Above this a client is slow: it is served again when it has taken what it was given. */
const HIGH_WATER_BYTES = 1 << 20;
/** Payloads that are kept for members that are a little behind. */
const KEPT_PAYLOADS = 2_048;
const SEND_AT_ONCE = 100;

interface Member {
  fail(error: unknown): void;
  readonly subscription: LedgerSubscription;
  readonly receiver: Receiver;
  pumping: boolean;
  again: boolean;
}

/**
 * Subscribers with the same document, variables and rights: each update is executed and serialised once, and sent to all of them.
 * Members differ only in where they stand, so a slow one falls back alone.
 */
export class Broadcast {
  readonly #render: (update: LedgerUpdate) => Promise<Buffer>;
  readonly #members = new Set<Member>();
  readonly #payloads = new Map<string, Buffer | Promise<Buffer>>();
  readonly #onBytes: (bytes: number) => void;

  constructor(render: (update: LedgerUpdate) => Promise<Buffer>, onBytes: (bytes: number) => void = () => undefined) {
    this.#render = render;
    this.#onBytes = onBytes;
  }

  get size(): number {
    return this.#members.size;
  }

  /**
   * Serves the receiver until its subscription is closed.
   *
   * @throws what ended the subscription, as it is presented to the subscriber
   */
  join(subscription: LedgerSubscription, receiver: Receiver): Promise<void> {
    return new Promise((resolve, reject) => {
      const member: Member = { subscription, receiver, pumping: false, again: false, fail: reject };
      this.#members.add(member);
      subscription.onWake(() => {
        if (!subscription.isClosed) return void this.#pump(member);
        this.#members.delete(member);
        resolve();
      });
      if (subscription.isClosed) {
        this.#members.delete(member);
        resolve();
      } else void this.#pump(member);
    });
  }

  async #pump(member: Member): Promise<void> {
    if (member.pumping) {
      member.again = true;
      return;
    }
    member.pumping = true;
    try {
      do {
        member.again = false;
        await this.#serve(member);
      } while (member.again && !member.subscription.isClosed);
    } catch (error) {
      if (!member.subscription.isClosed) member.fail(error);
      await member.subscription.return();
    } finally {
      member.pumping = false;
    }
  }

  async #serve(member: Member): Promise<void> {
    const { subscription } = member;
    while (!subscription.isClosed) {
      const rows = subscription.take() ?? (await subscription.takeFromDatabase());
      if (rows.length === 0) return;
      for (let from = 0; from < rows.length && !subscription.isClosed; from += SEND_AT_ONCE) {
        await this.#sendRows(member, rows.slice(from, from + SEND_AT_ONCE));
      }
    }
  }

  async #sendRows({ subscription, receiver }: Member, rows: readonly LedgerRow[]): Promise<void> {
    // All at once, so that their reads from the database are batched.
    const rendered = rows.filter((row) => subscription.matches(row)).map((row) => this.#payloadOf(subscription, row));
    const payloads = rendered.every(Buffer.isBuffer) ? rendered : await Promise.all(rendered);
    if (subscription.isClosed) return;
    if (payloads.length > 0) {
      receiver.send(payloads);
      this.#onBytes(payloads.reduce((sum, payload) => sum + payload.length, 0));
    }
    const last = rows.at(-1);
    if (last) subscription.moveTo(last);
    if (receiver.bufferedBytes > HIGH_WATER_BYTES) await receiver.drained();
  }

  #payloadOf(subscription: LedgerSubscription, row: LedgerRow): Buffer | Promise<Buffer> {
    const key = `${row.txid}.${row.id}`;
    const known = this.#payloads.get(key);
    if (known !== undefined) return known;
    const rendering = this.#render({ row, cursor: subscription.cursorOf(row) });
    this.#payloads.set(key, rendering);
    rendering.then(
      (payload) => {
        if (this.#payloads.get(key) === rendering) this.#payloads.set(key, payload);
      },
      () => this.#payloads.delete(key),
    );
    if (this.#payloads.size > KEPT_PAYLOADS) {
      const oldest = this.#payloads.keys().next().value;
      if (oldest !== undefined) this.#payloads.delete(oldest);
    }
    return rendering;
  }
}
