import type { Channel } from '../domain/vocabulary.ts';
import { type Queryable, rows, sql } from './database.ts';
import { messageIdForms, uuids } from './feedback-reads.ts';

/** Messages have one door: the same report through two of them counts once (amendment A5). */
const ANY_DOOR = '';

/** Keeps a raw message. @returns its id; null where the same message was kept before */
export async function insertInboundMessage(
  tx: Queryable,
  message: {
    readonly dedupeKey: string;
    readonly raw: Uint8Array;
    readonly addressKey: string | null;
    /** Of everybody whom it names. */
    readonly addressKeys: readonly string[];
    readonly receivedAt: Date;
    readonly door: string;
  },
): Promise<bigint | null> {
  const { buffer, byteOffset, byteLength } = message.raw;
  const [row] = await tx.query<{ id: bigint }>(sql`
    INSERT INTO inbound_event (door, dedupe_key, kind, payload, raw, address_key, address_keys, state, received_at)
    VALUES (${ANY_DOOR}, ${message.dedupeKey}::uuid, 'MESSAGE', ${JSON.stringify({ door: message.door })}::jsonb, ${Buffer.from(buffer, byteOffset, byteLength)}::bytea,
      ${message.addressKey}::uuid, ${uuids(message.addressKeys)}::uuid[], 'PROCESSED', ${message.receivedAt}::timestamptz)
    ON CONFLICT (door, dedupe_key) DO NOTHING RETURNING id`);
  return row?.id ?? null;
}

/** Notes what was answered, for a repeat, and whether something is held for want of proof. */
export async function answerInboundMessage(tx: Queryable, id: bigint, state: 'PROCESSED' | 'UNPROVEN', answer: object): Promise<void> {
  await tx.execute(sql`
    UPDATE inbound_event SET state = ${state}, answer = ${rows([answer])}::jsonb -> 0 WHERE id = ${id}::bigint`);
}

/** The message as it was kept before, locked: whoever took it in has committed. */
export async function lockInboundMessage(
  tx: Queryable,
  dedupeKey: string,
): Promise<{ readonly id: bigint; readonly state: string; readonly answer: unknown }> {
  const [row] = await tx.query<{ id: bigint; state: string; answer: unknown }>(
    sql`SELECT id, state, answer FROM inbound_event WHERE door = ${ANY_DOOR} AND dedupe_key = ${dedupeKey}::uuid FOR UPDATE`,
  );
  if (row == null || row.answer === null) throw new Error('a message was kept without its answer');
  return row;
}

export interface OwnLog {
  readonly id: bigint;
  readonly address: string;
  readonly addressKey: string;
  readonly domain: string | null;
  readonly channel: Channel;
  readonly messageId: string | null;
  /** Of the delivery's current run: only such a log takes results (amendment A15). */
  readonly current: boolean;
}

/** The logs that tokens name by id, and those of one Message-ID (a few: one message may go to several recipients). */
export async function findOwnLogs(database: Queryable, ids: readonly bigint[], messageId: string | null): Promise<readonly OwnLog[]> {
  if (ids.length === 0 && messageId === null) return [];
  const forms = messageId === null ? [] : messageIdForms(messageId).map((form) => ({ form }));
  return database.query<OwnLog>(sql`
    SELECT l.id, l.address, l.address_key::text AS "addressKey", l.domain, l.channel, l.message_id AS "messageId", l.run = d.run AS current
    FROM delivery_log l JOIN delivery d ON d.id = l.delivery_id
    WHERE l.id IN (
      SELECT unnest(${`{${ids.join(',')}}`}::bigint[])
      UNION
      SELECT m.id FROM jsonb_to_recordset(${rows(forms)}::jsonb) AS w(form text) JOIN delivery_log m ON m.message_id = w.form)
    ORDER BY l.id DESC LIMIT 100`);
}

/** What these failures came in: a message with its size, or a result (`rawBytes` null). What retention has taken is left out. */
export function findInboundSizes(
  database: Queryable,
  ids: Iterable<bigint>,
): Promise<{ readonly id: bigint; readonly rawBytes: number | null }[]> {
  return database.query<{ id: bigint; rawBytes: number | null }>(sql`
    SELECT id, octet_length(raw) AS "rawBytes" FROM inbound_event WHERE id = ANY(${`{${[...ids].join(',')}}`}::bigint[]) ORDER BY id`);
}

export function readRawMessages(database: Queryable, ids: readonly bigint[]): Promise<{ readonly id: bigint; readonly raw: Uint8Array }[]> {
  return database.query<{ id: bigint; raw: Uint8Array }>(sql`
    SELECT id, raw FROM inbound_event WHERE id = ANY(${`{${ids.join(',')}}`}::bigint[]) AND raw IS NOT NULL ORDER BY id`);
}
