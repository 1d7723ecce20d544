/**
 * What an erasure does to the tables, one slice a statement. Rows stay with their ids, keys, statuses, dates and counts; what names the person
 * is overwritten: addresses by their display form, texts by nothing.
 *
 * This is the one exception to "ledgers are append-only" (amendment A8). `id` and `txid` of a line do not change, so readers of the feed are
 * not disturbed and see the display form from then on.
 *
 * Every slice is found by an index, and done again it changes nothing.
 */
import { type PersonWords, redactedPatterns } from '../domain/privacy/redact-text.ts';
import { empty, type Queryable, type Sql, sql } from './database.ts';
import { cancelMessages, keptText, pendingKeys } from './erase-messages.ts';
import { qualifications, redactQuotes, releases, requalifications } from './erase-quotes.ts';
import { type EraseSlice, type EraseStatement, pageSql, redactedSql, slicedBy } from './erase-slice.ts';
import { displaySql } from './erased-keys.ts';
import { uuids } from './feedback-reads.ts';
import { literal } from './filters/conditions.ts';

export interface EraseTask {
  readonly table: string;
  /** Found by an address key, by the profile, or by both. */
  readonly by: readonly ('key' | 'profile')[];
  readonly run: EraseStatement;
  /** Keys of others whose rows the slice writes too: locked before it begins. */
  readonly others?: (database: Queryable, slice: EraseSlice) => Promise<string[]>;
}

/** A Message-ID that spells an address, plainly or as in a return path, goes too. */
function messageIdSql(column: Sql, { addresses }: PersonWords): Sql {
  const patterns = addresses.flatMap((address) => [address, address.replace(/@(?=[^@]*$)/, '=')]).map((form) => `%${literal(form)}%`);
  return patterns.length === 0 ? column : sql`CASE WHEN ${column} ILIKE ANY(${patterns}::text[]) THEN NULL ELSE ${column} END`;
}

const REDACTED_ANSWER = sql`CASE WHEN i.answer ? 'recipients' THEN jsonb_set(i.answer, '{recipients}', COALESCE((
  SELECT jsonb_agg(r || jsonb_build_object('address', NULL, 'verdict', NULL)) FROM jsonb_array_elements(i.answer -> 'recipients') AS r), '[]'))
  WHEN i.answer ? 'normalizedText' THEN i.answer || '{"normalizedText": ""}'::jsonb ELSE i.answer END`;

/** Overwrites what came in; `found` is a condition on `i`. A message may name several people: all of it goes. */
const eraseInbound = (found: Sql): Sql => sql`
  UPDATE inbound_event i SET
    payload = CASE WHEN i.kind = 'RESULT' THEN jsonb_strip_nulls(jsonb_build_object('erased', true, 'channel', i.payload -> 'channel',
      'outcome', i.payload -> 'outcome', 'shortCode', i.payload -> 'shortCode', 'address', ${displaySql(sql`i.address_key`)})) ELSE i.payload END,
    raw = CASE WHEN i.raw IS NULL THEN NULL ELSE ''::bytea END, answer = ${REDACTED_ANSWER}
  WHERE ${found} AND (CASE WHEN i.kind = 'RESULT' THEN NOT i.payload ? 'erased' ELSE i.raw <> ''::bytea END)`;

const addressRows: EraseStatement = (tx, slice) =>
  slicedBy(
    tx,
    slice,
    sql`
    page AS MATERIALIZED (${pageSql(sql`address`, slice)}),
    gone AS (DELETE FROM address a USING page WHERE a.id = page.id RETURNING a.id, a.profile_id),
    told AS (UPDATE profile p SET updated_at = ${slice.at}::timestamptz WHERE p.id IN (SELECT profile_id FROM gone))
    SELECT (SELECT count(*)::int FROM gone) AS erased`,
  );

/** With the lines of the ledger that belong to these messages, and what came in about them: a shared address has no key to find them by. */
const deliveryLogs: EraseStatement = async (tx, slice) => {
  const { words } = slice;
  const shown = displaySql(sql`l.address_key`);
  const messageId = messageIdSql(sql`l.message_id`, words);
  const withEvents =
    slice.of.key !== null
      ? empty
      : sql`
    , lines AS (${eraseLines(sql`l.delivery_log_id = ANY(ARRAY(SELECT id FROM page))`, words)}),
    inbound AS (${eraseInbound(sql`i.id = ANY(ARRAY(SELECT inbound_event_id FROM lines))`)})`;
  return slicedBy(
    tx,
    slice,
    sql`
    page AS MATERIALIZED (${pageSql(sql`delivery_log`, slice)}),
    done AS (
      UPDATE delivery_log l SET address = ${shown}, domain = NULL, raw_text = ${keptText(sql`l.raw_text`)}, message_id = ${messageId}
      FROM page WHERE l.id = page.id AND ((l.address, l.domain, l.raw_text) IS DISTINCT FROM (${shown}, NULL, ${keptText(sql`l.raw_text`)}))
      RETURNING l.id
    ) ${withEvents}
    SELECT (SELECT count(*)::int FROM done) AS erased`,
  );
};

const eraseLines = (found: Sql, words: PersonWords): Sql => sql`
  UPDATE delivery_event l SET address = ${displaySql(sql`l.address_key`)}, domain = NULL, raw_text = ${keptText(sql`l.raw_text`)},
    message_id = ${messageIdSql(sql`l.message_id`, words)}
  WHERE ${found}
    AND ((l.address, l.domain, l.raw_text) IS DISTINCT FROM (${displaySql(sql`l.address_key`)}, NULL, ${keptText(sql`l.raw_text`)}))
  RETURNING l.id, l.inbound_event_id`;

const deliveryEvents: EraseStatement = (tx, slice) =>
  slicedBy(
    tx,
    slice,
    sql`
    page AS MATERIALIZED (${pageSql(sql`delivery_event`, slice)}),
    done AS (${eraseLines(sql`l.id = ANY(ARRAY(SELECT id FROM page))`, slice.words)}),
    inbound AS (${eraseInbound(sql`i.id = ANY(ARRAY(SELECT inbound_event_id FROM done))`)})
    SELECT (SELECT count(*)::int FROM done) AS erased`,
  );

const exclusionLogs: EraseStatement = (tx, slice) =>
  slicedBy(
    tx,
    slice,
    sql`
    page AS MATERIALIZED (${pageSql(sql`exclusion_log`, slice)}),
    done AS (
      UPDATE exclusion_log l SET address = ${displaySql(sql`l.address_key`)}
      FROM page WHERE l.id = page.id AND l.address IS NOT NULL AND l.address <> ${displaySql(sql`l.address_key`)} RETURNING l.id
    )
    SELECT (SELECT count(*)::int FROM done) AS erased`,
  );

/** The next messages and results that name the address. */
const inboundPage = ({ of, after, size }: EraseSlice): Sql => {
  const key = sql`${of.key}::uuid`;
  return sql`
    SELECT id FROM (
      (SELECT id FROM inbound_event WHERE address_key = ${key} AND id > ${after} ORDER BY id LIMIT ${size})
      UNION (SELECT id FROM inbound_event WHERE address_keys @> ARRAY[${key}] AND id > ${after})
    ) AS named ORDER BY id LIMIT ${size}`;
};

/** A message can name many people, so few of them make a slice. */
const smaller = (slice: EraseSlice): EraseSlice => ({ ...slice, size: Math.ceil(slice.size / 10) });

/** Who else is named by these messages, or whom the results are about: what was said of them may quote this person. */
async function othersNamed(database: Queryable, slice: EraseSlice): Promise<string[]> {
  const found = await database.query<{ key: string }>(sql`
    SELECT DISTINCT other::text AS key FROM inbound_event i CROSS JOIN unnest(i.address_keys || i.address_key) AS other
    WHERE i.id = ANY(ARRAY(${inboundPage(smaller(slice))})) AND other <> ${slice.of.key}::uuid`);
  return found.map(({ key }) => key);
}

const inboundEvents: EraseStatement = async (tx, slice) => {
  const few = smaller(slice);
  const patterns = redactedPatterns(slice.words);
  const others = await othersNamed(tx, slice);
  const quoted = others.length === 0 ? 0 : await redactQuotes(tx, others, slice.words);
  const done = await slicedBy(
    tx,
    few,
    sql`
    page AS MATERIALIZED (${inboundPage(few)}),
    done AS (${eraseInbound(sql`i.id = ANY(ARRAY(SELECT id FROM page)) AND (i.kind = 'MESSAGE' OR i.address_key = ${slice.of.key}::uuid)`)} RETURNING i.id),
    about_others AS (
      UPDATE inbound_event i SET payload = jsonb_set(i.payload, '{text}', to_jsonb(${redactedSql(sql`i.payload ->> 'text'`, patterns)}))
      FROM page WHERE i.id = page.id AND i.kind = 'RESULT' AND i.address_key <> ${slice.of.key}::uuid AND i.payload ->> 'text' ~* ${patterns.join('|')}
      RETURNING i.id
    )
    SELECT (SELECT count(*)::int FROM done) + (SELECT count(*)::int FROM about_others) AS erased`,
  );
  return { ...done, erased: done.erased + quoted };
};

/** Shows rows of an address without it, and takes their text. */
const covered =
  (table: Sql, text: Sql): EraseStatement =>
  (tx, slice) => {
    const shown = displaySql(sql`l.address_key`);
    return slicedBy(
      tx,
      slice,
      sql`
    page AS MATERIALIZED (${pageSql(table, slice)}),
    done AS (
      UPDATE ${table} l SET address = ${shown}, domain = NULL, ${text} = NULL
      FROM page WHERE l.id = page.id AND ((l.address, l.domain, l.${text}) IS DISTINCT FROM (${shown}, NULL, NULL)) RETURNING l.id
    )
    SELECT (SELECT count(*)::int FROM done) AS erased`,
    );
  };

const quarantineEvents = covered(sql`quarantine_event`, sql`text`);

/** Shut and covered when the erasure began; once more for what was being written from older lines of the ledger meanwhile. */
const quarantineEntries = covered(sql`quarantine_entry`, sql`error_text`);

const consentEvents: EraseStatement = (tx, slice) =>
  slicedBy(
    tx,
    slice,
    sql`
    page AS MATERIALIZED (${pageSql(sql`consent_event`, slice)}),
    done AS (UPDATE consent_event c SET note = NULL FROM page WHERE c.id = page.id AND c.note IS NOT NULL RETURNING c.id)
    SELECT (SELECT count(*)::int FROM done) AS erased`,
  );

/** The audit trail says who changed a profile; of the profile itself it forgets what was said. */
const auditEntries: EraseStatement = (tx, slice) =>
  slicedBy(
    tx,
    slice,
    sql`
    page AS MATERIALIZED (
      SELECT id FROM audit_entry WHERE subject = 'Profile ' || ${slice.of.profileId}::bigint AND id > ${slice.after} ORDER BY id LIMIT ${slice.size}
    ),
    done AS (
      UPDATE audit_entry a SET detail = '{"erased":true}' FROM page WHERE a.id = page.id AND a.detail <> '{"erased":true}' RETURNING a.id
    )
    SELECT (SELECT count(*)::int FROM done) AS erased`,
  );

/** Other requests about the same person: their files go, and what they say in clear. An erasure that is at work is left to end by itself. */
const privacyRequests: EraseStatement = (tx, slice) => {
  const { of, requestId, after, size } = slice;
  const named = of.key === null ? sql`profile_id = ${of.profileId}` : sql`address_keys @> ARRAY[${of.key}::uuid]`;
  return slicedBy(
    tx,
    slice,
    sql`
    page AS MATERIALIZED (
      SELECT id FROM privacy_request WHERE ${named} AND id > ${after} AND id <> ${requestId}
        AND NOT (type = 'DELETE' AND status IN ('DELETE_PENDING', 'DELETE_IN_PROGRESS', 'RETRY_PENDING')) ORDER BY id LIMIT ${size} FOR UPDATE
    ),
    parts AS (DELETE FROM privacy_file_part p USING page WHERE p.request_id = page.id),
    done AS (
      UPDATE privacy_request r SET value = CASE WHEN r.value LIKE 'erased:%' THEN r.value END, work = NULL, file_bytes = NULL,
        report = r.report - 'shared',
        status = CASE WHEN r.status IN ('COMPLETE', 'ERROR') THEN r.status ELSE 'ERROR' END,
        error = CASE WHEN r.status IN ('COMPLETE', 'ERROR') THEN r.error ELSE 'The person was erased by another request.' END,
        finished_at = COALESCE(r.finished_at, ${slice.at}::timestamptz)
      FROM page WHERE r.id = page.id AND (r.value NOT LIKE 'erased:%' OR r.work IS NOT NULL OR r.file_bytes IS NOT NULL OR r.report ? 'shared'
        OR r.status NOT IN ('COMPLETE', 'ERROR'))
      RETURNING r.id
    )
    SELECT (SELECT count(*)::int FROM done) AS erased`,
  );
};

/** In their order: what is to be sent ends first, messages come before what was copied from them. */
export const ERASE_TASKS: readonly EraseTask[] = [
  { table: 'address', by: ['key'], run: addressRows },
  { table: 'delivery_log', by: ['key', 'profile'], run: cancelMessages, others: pendingKeys },
  { table: 'delivery_log', by: ['key', 'profile'], run: deliveryLogs },
  { table: 'exclusion_log', by: ['key', 'profile'], run: exclusionLogs },
  { table: 'qualification', by: ['key'], run: qualifications },
  { table: 'delivery_event', by: ['key'], run: deliveryEvents },
  { table: 'inbound_event', by: ['key'], run: inboundEvents, others: othersNamed },
  { table: 'quarantine_entry', by: ['key'], run: quarantineEntries },
  { table: 'quarantine_event', by: ['key'], run: quarantineEvents },
  { table: 'consent_event', by: ['profile'], run: consentEvents },
  { table: 'audit_entry', by: ['profile'], run: auditEntries },
  { table: 'quarantine_release', by: ['key'], run: releases },
  { table: 'requalification', by: ['key'], run: requalifications },
  { table: 'privacy_request', by: ['key', 'profile'], run: privacyRequests },
];

/** How many rows each task would look at, for a preview. */
export async function countErasable(
  database: Queryable,
  keys: readonly string[],
  profileId: bigint | null,
): Promise<Record<string, number>> {
  const wanted = sql`${uuids(keys)}::uuid[]`;
  const mine = profileId === null ? sql`false` : sql`profile_id = ${profileId}`;
  const [row] = await database.query<Record<string, number>>(sql`
    SELECT
      (SELECT count(*)::int FROM profile WHERE ${profileId === null ? sql`false` : sql`id = ${profileId}`}) AS profile,
      (SELECT count(*)::int FROM address WHERE address_key = ANY(${wanted}) OR ${mine}) AS address,
      (SELECT count(*)::int FROM quarantine_entry WHERE address_key = ANY(${wanted})) AS quarantine_entry,
      (SELECT count(*)::int FROM quarantine_event WHERE address_key = ANY(${wanted})) AS quarantine_event,
      (SELECT count(*)::int FROM delivery_log WHERE address_key = ANY(${wanted}) OR ${mine}) AS delivery_log,
      (SELECT count(*)::int FROM delivery_event WHERE address_key = ANY(${wanted})) AS delivery_event,
      (SELECT count(*)::int FROM exclusion_log WHERE address_key = ANY(${wanted}) OR ${mine}) AS exclusion_log,
      (SELECT count(*)::int FROM (SELECT id FROM inbound_event WHERE address_key = ANY(${wanted})
        UNION SELECT id FROM inbound_event WHERE address_keys && ${wanted}) AS named) AS inbound_event,
      (SELECT count(*)::int FROM consent_event WHERE ${mine}) AS consent_event`);
  if (!row) throw new Error('the preview of an erasure gave no answer');
  return row;
}
