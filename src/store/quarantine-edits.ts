/** Edits of the quarantine list by hand: one entry at a time, under the lock of its address. */
import type { LedgerLine } from '../domain/quarantine/fold.ts';
import type { QuarantineState } from '../domain/quarantine/quarantine-state.ts';
import type { AddressStatus, Channel, FailureReason } from '../domain/vocabulary.ts';
import { type Queryable, sql } from './database.ts';

export interface EditedEntry extends QuarantineState {
  readonly id: bigint;
  readonly channel: Channel;
  readonly address: string;
  readonly addressKey: string;
  readonly shortCode: string;
  readonly domain: string | null;
  readonly lastDeliveryId: bigint | null;
  readonly version: number;
}

/** The key of an entry's address, to take its lock by: it never changes. */
export async function findEntryKey(database: Queryable, id: bigint): Promise<string | null> {
  const [entry] = await database.query<{ addressKey: string }>(sql`
    SELECT address_key::text AS "addressKey" FROM quarantine_entry WHERE id = ${id}`);
  return entry?.addressKey ?? null;
}

export async function lockEntry(tx: Queryable, id: bigint): Promise<EditedEntry | null> {
  const [entry] = await tx.query<EditedEntry>(sql`
    SELECT id, channel, address, address_key::text AS "addressKey", short_code AS "shortCode", domain, status, reason,
      error_text AS "errorText", error_count AS "errorCount", last_error_at AS "lastErrorAt",
      last_significant_error_at AS "lastSignificantErrorAt", last_success_at AS "lastSuccessAt", soft_caused AS "softCaused", source,
      status_updated_at AS "statusUpdatedAt", last_delivery_id AS "lastDeliveryId", version
    FROM quarantine_entry WHERE id = ${id} FOR UPDATE`);
  return entry ?? null;
}

/** Versions go on rising where an entry was deleted and comes back. */
export async function lastVersion(tx: Queryable, addressKey: string, shortCode: string): Promise<number> {
  const [last] = await tx.query<{ version: number | null }>(sql`
    SELECT max(version) AS version FROM quarantine_event WHERE address_key = ${addressKey}::uuid AND short_code = ${shortCode}`);
  return last?.version ?? 0;
}

export async function deleteEntry(tx: Queryable, id: bigint): Promise<void> {
  await tx.execute(sql`DELETE FROM quarantine_entry WHERE id = ${id}`);
}

export interface EditLine {
  readonly entry: Pick<EditedEntry, 'id' | 'channel' | 'address' | 'addressKey' | 'shortCode' | 'domain'>;
  readonly previousStatus: AddressStatus | null;
  readonly previousReason: FailureReason | null;
  readonly line: LedgerLine;
  readonly deliveryId: bigint | null;
  readonly version: number;
  readonly actor: string;
  readonly at: Date;
}

/** Appends one line to the ledger of the address. */
export async function insertEditLine(tx: Queryable, edit: EditLine): Promise<void> {
  const { entry, line } = edit;
  await tx.execute(sql`
    INSERT INTO quarantine_event (entry_id, channel, address, address_key, short_code, domain, previous_status, previous_reason, status,
      reason, error_count, text, last_error_at, last_significant_error_at, last_success_at, soft_caused, status_updated_at, delivery_id,
      source, actor, version, occurred_at)
    VALUES (${entry.id}, ${entry.channel}::"Channel", ${entry.address}, ${entry.addressKey}::uuid, ${entry.shortCode}, ${entry.domain},
      ${edit.previousStatus}::"AddressStatus", ${edit.previousReason}::"FailureReason", ${line.status}::"AddressStatus",
      ${line.reason}::"FailureReason", ${line.errorCount}, ${line.text}, ${line.lastErrorAt}, ${line.lastSignificantErrorAt},
      ${line.lastSuccessAt}, ${line.softCaused}, ${line.statusUpdatedAt}, ${edit.deliveryId}, ${line.source}::"QuarantineSource",
      ${edit.actor}, ${edit.version}, ${edit.at})`);
}
