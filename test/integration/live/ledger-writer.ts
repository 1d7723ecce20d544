import { randomUUID } from 'node:crypto';
import { type Database, type Queryable, sql } from '../../../src/store/database.ts';

export interface Written {
  readonly addressKey: string;
  readonly version: number;
}

/** Appends one line to the ledger of an address, without the rest of an operation: what the feed reads is the line alone. */
export async function appendLine(tx: Queryable, line: Written & { readonly entryId: bigint; readonly at?: Date }): Promise<void> {
  const at = (line.at ?? new Date()).toISOString();
  await tx.execute(sql`
    INSERT INTO quarantine_event (entry_id, channel, address, address_key, domain, previous_status, status, error_count, status_updated_at,
      source, version, occurred_at)
    VALUES (${line.entryId.toString()}::bigint, 'EMAIL', ${`${line.addressKey}@example.com`}, ${line.addressKey}::uuid, 'example.com',
      ${line.version === 1 ? null : 'ERRONEOUS'}::"AddressStatus", 'ERRONEOUS', ${line.version}::int, ${at}::timestamptz, 'MANUAL',
      ${line.version}::int, ${at}::timestamptz)`);
}

/** Addresses of one writer: it writes their versions 1, 2, 3... in transactions, some of which it rolls back. */
export class LedgerWriter {
  readonly committed: Written[] = [];
  readonly #database: Database;
  readonly #random: () => number;
  readonly #versions = new Map<string, number>();
  readonly #keys = [randomUUID(), randomUUID()];

  constructor(database: Database, random: () => number) {
    this.#database = database;
    this.#random = random;
  }

  /** One transaction of one to three lines; a third of them roll back. */
  async write(): Promise<void> {
    const key = this.#keys[Math.floor(this.#random() * this.#keys.length)] ?? randomUUID();
    const first = (this.#versions.get(key) ?? 0) + 1;
    const lines = Array.from({ length: 1 + Math.floor(this.#random() * 3) }, (_, i) => ({ addressKey: key, version: first + i }));
    const rollback = this.#random() < 0.33;
    const pauseMs = this.#random() * 8;
    await this.#database
      .transaction(async (tx) => {
        for (const line of lines) await appendLine(tx, { ...line, entryId: 1n });
        if (pauseMs > 4) await tx.query(sql`SELECT pg_sleep(${pauseMs / 1000})`);
        if (rollback) throw new Rollback();
      })
      .then(
        () => {
          this.committed.push(...lines);
          this.#versions.set(key, first + lines.length - 1);
          this.#database.hints.notify('QUARANTINE');
        },
        (error) => {
          if (!(error instanceof Rollback)) throw error;
        },
      );
  }
}

class Rollback extends Error {}
