/** Messages to an erased person that are still to be sent: they end, and say why (amendment A8). */
import { EXCLUSION_RULES } from '../domain/exclusion/exclusion-rules.ts';
import { cancelPending, failed } from './cancel-messages.ts';
import { type Queryable, type Sql, sql } from './database.ts';
import type { ErasedSlice, EraseSlice, EraseStatement } from './erase-slice.ts';
import { displaySql } from './erased-keys.ts';

/** What preparation says of an erased address. */
const RULE = EXCLUSION_RULES.find(({ key }) => key === 'ADDRESS_ERASED');
if (RULE === undefined) throw new Error('no rule leaves erased addresses out');

/** Names nobody: it stays where the other texts go. */
export const CANCELLED_TEXT = RULE.text;
const BECAUSE = { type: 'HARD', reason: RULE.reason, fault: 'RECIPIENT', text: CANCELLED_TEXT } as const;

const wantedBy = ({ of, after }: EraseSlice): Sql => {
  const belongs = of.key === null ? sql`m.profile_id = ${of.profileId}` : sql`m.address_key = ${of.key}::uuid`;
  return sql`${belongs} AND m.id > ${after}`;
};

/** A message to the person at an address that others keep is under the lock of that address. */
export async function pendingKeys(database: Queryable, slice: EraseSlice): Promise<string[]> {
  if (slice.of.key !== null) return [];
  const found = await database.query<{ key: string }>(sql`
    SELECT DISTINCT p.address_key::text AS key FROM (
      SELECT m.address_key FROM delivery_log m WHERE ${wantedBy(slice)} AND m.status = 'PENDING' ORDER BY m.id LIMIT ${slice.size}) AS p`);
  return found.map(({ key }) => key);
}

/**
 * Cancels them under the display form, with the reason for which a preparation would leave them out: from then on no delivery waits for a message that
 * must never be written. Their rows of exclusion stay as they are: they were counted as to be delivered.
 */
export const cancelMessages: EraseStatement = async (tx, slice): Promise<ErasedSlice> => {
  const set = sql`${failed(BECAUSE)}, address = ${displaySql(sql`log.address_key`)}, domain = NULL, message_id = NULL`;
  const cancelled = await cancelPending(tx, { wanted: wantedBy(slice), size: slice.size, at: slice.at, set });
  if (cancelled === null) return { erased: 0, next: null };
  return { erased: cancelled.cancelled, next: cancelled.cancelled < slice.size ? null : cancelled.last };
};

/** A text without what names the person. */
export const keptText = (text: Sql): Sql => sql`CASE WHEN ${text} = ${CANCELLED_TEXT} THEN ${text} END`;
