import { sameMeaning } from '../domain/qualification/verdict.ts';
import type { Channel, FailureReason, FailureType, Fault } from '../domain/vocabulary.ts';
import { type Queryable, rows, sql } from './database.ts';

/** A text that occurred, with what it was taken to mean. */
export interface SeenText {
  readonly channel: Channel;
  readonly md5: string;
  readonly text: string;
  readonly firstText: string;
  readonly firstAddress: string;
  readonly type: FailureType;
  readonly reason: FailureReason;
  readonly fault: Fault;
}

interface KnownText {
  readonly id: bigint;
  readonly channel: Channel;
  readonly md5: string;
  readonly type: FailureType;
  readonly reason: FailureReason;
  readonly fault: Fault;
  readonly editedByUser: boolean;
}

/** Names a row in memory. */
export function seenName(channel: Channel, md5: string): string {
  return `${channel} ${md5}`;
}

/**
 * Sees to it that every text has its row, and that rows which no person edited record the last verdict (amendment A12).
 *
 * Rows that are there and say the same are not locked: thousands of batches share the row of "user unknown".
 */
export async function recordSeenTexts(tx: Queryable, seen: readonly SeenText[], now: Date): Promise<ReadonlyMap<string, bigint>> {
  if (seen.length === 0) return new Map();
  const sorted = [...seen].sort((a, b) => (seenName(a.channel, a.md5) < seenName(b.channel, b.md5) ? -1 : 1));
  const known = new Map((await readKnown(tx, sorted)).map((row) => [seenName(row.channel, row.md5), row]));
  const missing = sorted.filter((row) => !known.has(seenName(row.channel, row.md5)));
  if (missing.length > 0) {
    await insertTexts(tx, missing, now);
    for (const row of await readKnown(tx, missing)) known.set(seenName(row.channel, row.md5), row);
  }
  const changed = sorted.flatMap((row) => {
    const before = known.get(seenName(row.channel, row.md5));
    if (before === undefined || before.editedByUser || sameMeaning(before, row)) return [];
    return [{ id: before.id, type: row.type, reason: row.reason, fault: row.fault }];
  });
  if (changed.length > 0) await updateMeanings(tx, changed, now);
  return new Map([...known].map(([name, row]) => [name, row.id]));
}

function readKnown(tx: Queryable, texts: readonly SeenText[]): Promise<KnownText[]> {
  const keys = texts.map(({ channel, md5 }) => ({ channel, md5 }));
  return tx.query<KnownText>(sql`
    SELECT q.id, q.channel, q.md5, q.type, q.reason, q.fault, q.edited_by_user AS "editedByUser"
    FROM jsonb_to_recordset(${rows(keys)}::jsonb) AS r(channel "Channel", md5 text)
    JOIN qualification q ON q.channel = r.channel AND q.md5 = r.md5`);
}

async function insertTexts(tx: Queryable, texts: readonly SeenText[], now: Date): Promise<void> {
  await tx.execute(sql`
    INSERT INTO qualification (channel, text, md5, first_text, first_address, type, reason, fault, created_at, updated_at)
    SELECT r.channel, r.text, r.md5, r."firstText", r."firstAddress", r.type, r.reason, r.fault, ${now}::timestamptz, ${now}::timestamptz
    FROM jsonb_to_recordset(${rows(texts)}::jsonb) AS r(channel "Channel", text text, md5 text, "firstText" text, "firstAddress" text,
      type "FailureType", reason "FailureReason", fault "Fault")
    ON CONFLICT (channel, md5) DO NOTHING`);
}

async function updateMeanings(tx: Queryable, changed: readonly object[], now: Date): Promise<void> {
  await tx.execute(sql`
    UPDATE qualification AS q SET type = r.type, reason = r.reason, fault = r.fault, version = q.version + 1, updated_at = ${now}::timestamptz
    FROM jsonb_to_recordset(${rows(changed)}::jsonb) AS r(id bigint, type "FailureType", reason "FailureReason", fault "Fault")
    WHERE q.id = r.id AND NOT q.edited_by_user`);
}
