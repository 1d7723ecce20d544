/** An instance of a test file's own, on a clock that the test sets: a cleanup touches every entry of its database. */
import type { QuarantineState } from '../../../src/domain/quarantine/quarantine-state.ts';
import type { Channel } from '../../../src/domain/vocabulary.ts';
import type { Actor, Instance } from '../../../src/operations/instance.ts';
import { sql } from '../../../src/store/database.ts';
import { entryName, insertEntries, insertQuarantineLines } from '../../../src/store/feedback-writes.ts';
import { freshDatabase } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';

export interface Life {
  readonly instance: Instance;
  /** Another node on the same database and clock. */
  otherNode(name: string): Promise<Instance>;
  setNow(at: string): void;
  close(): Promise<void>;
}

export const OPERATOR: Actor = { name: 'operator', tokenId: 1n };

export async function openLife(start = '2025-03-06T12:00:00Z'): Promise<Life> {
  let at = new Date(start);
  const database = await freshDatabase();
  const now = () => at;
  return {
    instance: await testInstance(database, { now }),
    otherNode: (node) => testInstance(database, { now, node }),
    setNow: (next) => {
      at = new Date(next);
    },
    close: () => database.close(),
  };
}

export type GivenEntry = Partial<QuarantineState> & {
  readonly address: string;
  readonly channel?: Channel;
  readonly lastDeliveryId?: bigint | null;
  readonly createdAt?: Date;
};

const STATE: QuarantineState = {
  status: 'QUARANTINE',
  reason: 'USER_UNKNOWN',
  errorText: '550-5.1.1 The email account that you tried to reach does not exist. support.google.com',
  errorCount: 1,
  lastErrorAt: new Date('2025-03-05T08:00:00Z'),
  lastSignificantErrorAt: null,
  lastSuccessAt: null,
  softCaused: false,
  source: 'BOUNCE_SYNC',
  statusUpdatedAt: new Date('2025-03-05T08:00:00Z'),
};

/** Entries with the first line of their ledger, as a failure writes them: in QUARANTINE for an unknown user unless told otherwise. */
export async function putEntries(instance: Instance, given: readonly GivenEntry[]): Promise<readonly bigint[]> {
  const book = await instance.addressBook();
  const entries = given.map(({ channel = 'EMAIL', ...entry }) => {
    const domain = channel === 'EMAIL' ? (entry.address.split('@')[1] ?? null) : null;
    const place = { channel, addressKey: book.key(channel, entry.address), shortCode: '', domain };
    const statusUpdatedAt = entry.statusUpdatedAt ?? STATE.statusUpdatedAt;
    return { ...STATE, lastDeliveryId: null, createdAt: statusUpdatedAt, ...entry, ...place, version: 1 };
  });
  return instance.database.transaction(async (tx) => {
    const ids = await insertEntries(tx, entries);
    const idOf = (entry: { addressKey: string }) => ids.get(entryName(entry.addressKey, '')) ?? 0n;
    const line = { previousStatus: null, previousReason: null, fault: null, decidedBy: null };
    await insertQuarantineLines(
      tx,
      entries.map((entry) => ({
        ...entry,
        ...line,
        entryId: idOf(entry),
        deliveryId: entry.lastDeliveryId,
        occurredAt: entry.statusUpdatedAt,
      })),
    );
    return entries.map(idOf);
  });
}

export async function putEntry(instance: Instance, given: GivenEntry): Promise<bigint> {
  const [id] = await putEntries(instance, [given]);
  if (id === undefined) throw new Error('the entry was not written');
  return id;
}

export interface EntryRow {
  readonly id: bigint;
  readonly status: string;
  readonly reason: string | null;
  readonly errorText: string | null;
  readonly errorCount: number;
  readonly lastErrorAt: Date | null;
  readonly softCaused: boolean;
  readonly source: string;
  readonly statusUpdatedAt: Date;
  readonly createdAt: Date;
  readonly version: number;
}

/** Null = the address is not on the list. */
export async function entryOf(instance: Instance, address: string): Promise<EntryRow | null> {
  const [row] = await instance.database.query<EntryRow>(sql`
    SELECT id, status, reason, error_text AS "errorText", error_count AS "errorCount", last_error_at AS "lastErrorAt", soft_caused AS "softCaused",
      source, status_updated_at AS "statusUpdatedAt", created_at AS "createdAt", version
    FROM quarantine_entry WHERE address = ${address}`);
  return row ?? null;
}

/** `QUARANTINE 5`, or `gone`. */
export async function stateOf(instance: Instance, address: string): Promise<string> {
  const entry = await entryOf(instance, address);
  return entry === null ? 'gone' : `${entry.status} ${entry.errorCount}`;
}

export interface LedgerRow {
  readonly status: string | null;
  readonly previousStatus: string | null;
  readonly actor: string | null;
  readonly version: number;
  readonly releaseId: bigint | null;
  readonly occurredAt: Date;
}

export async function ledgerOf(instance: Instance, address: string): Promise<LedgerRow[]> {
  return instance.database.query<LedgerRow>(sql`
    SELECT status, previous_status AS "previousStatus", actor, version, release_id AS "releaseId", occurred_at AS "occurredAt"
    FROM quarantine_event WHERE address = ${address} ORDER BY id`);
}

/** Sets a setting behind the API's back. */
export async function setSetting(instance: Instance, key: string, value: unknown): Promise<Instance> {
  await instance.database.execute(sql`
    INSERT INTO setting (key, value) VALUES (${key}, ${JSON.stringify(value)}::jsonb) ON CONFLICT (key) DO UPDATE SET value = excluded.value`);
  return { ...instance, settings: async () => ({ ...(await instance.settings()), [key]: value }) };
}

export interface ReleaseRow {
  readonly state: string;
  readonly matched: number;
  readonly changed: number;
  readonly skipped: number;
  readonly undone: boolean;
  readonly dryRun: boolean;
  readonly sample: unknown;
}

export async function releaseOf(instance: Instance, id: bigint): Promise<ReleaseRow> {
  const [row] = await instance.database.query<ReleaseRow>(sql`
    SELECT state, matched, changed, skipped, undone, dry_run AS "dryRun", sample FROM quarantine_release WHERE id = ${id}`);
  if (row === undefined) throw new Error('there is no such release');
  return row;
}

/** May an e-mail be sent to this address? */
export async function isTargetable(instance: Instance, address: string): Promise<boolean> {
  const { mayContact } = await import('../../../src/operations/may-contact.ts');
  const [decision] = await mayContact(instance, [{ channel: 'EMAIL', address }]);
  return decision?.allowed ?? false;
}
