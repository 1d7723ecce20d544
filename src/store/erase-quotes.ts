/** Texts that belong to others or to nobody, and quote the person who is erased. */
import { type PersonWords, redactedPatterns, redactText } from '../domain/privacy/redact-text.ts';
import { type Queryable, raw, rows, type Sql, sql } from './database.ts';
import { type EraseSlice, type EraseStatement, redactedSql, slicedBy } from './erase-slice.ts';
import { displaySql } from './erased-keys.ts';
import { uuids } from './feedback-reads.ts';

/**
 * Takes the person out of texts about others, and out of the first sample of a text that such a one gave. Entry and ledger get the same text, so that
 * the one stays the fold of the other.
 */
export async function redactQuotes(tx: Queryable, keys: readonly string[], words: PersonWords): Promise<number> {
  const patterns = redactedPatterns(words);
  if (patterns.length === 0) return 0;
  const tables = [
    ['quarantine_entry', sql`error_text`],
    ['delivery_log', sql`raw_text`],
    ['quarantine_event', sql`text`],
    ['delivery_event', sql`raw_text`],
  ] as const;
  let quoted = await tx.execute(sql`
    UPDATE qualification SET first_text = ${redactedSql(sql`first_text`, patterns)}
    WHERE id IN (SELECT qualification_id FROM delivery_event WHERE address_key = ANY(${uuids(keys)}::uuid[])) AND first_text ~* ${patterns.join('|')}`);
  for (const [table, column] of tables) {
    quoted += await tx.execute(sql`
      UPDATE ${raw(table)} SET ${column} = ${redactedSql(column, patterns)}
      WHERE address_key = ANY(${uuids(keys)}::uuid[]) AND ${column} ~* ${patterns.join('|')}`);
  }
  return quoted;
}

/** Samples and filters of bulk releases, with what the audit trail says of them. There are few: they are walked in the order of their ids. */
export const releases: EraseStatement = async (tx, slice) => {
  const key = slice.of.key ?? '';
  const filters = await redactFilters(tx, 'quarantine_release', slice);
  return slicedBy(
    tx,
    slice,
    sql`
    page AS MATERIALIZED (SELECT id FROM quarantine_release WHERE id > ${slice.after} ORDER BY id LIMIT ${slice.size} FOR UPDATE),
    filters AS (${filters}),
    done AS (
      UPDATE quarantine_release r SET
        filter = COALESCE((SELECT f.filter FROM filters f WHERE f.id = r.id), r.filter),
        sample = COALESCE((SELECT jsonb_agg(CASE WHEN e ->> 'addressKey' = ${key}
          THEN e || jsonb_build_object('address', ${displaySql(sql`${key}::uuid`)}, 'domain', NULL, 'errorText', NULL) ELSE e END ORDER BY place)
          FROM jsonb_array_elements(r.sample) WITH ORDINALITY AS sampled(e, place)), '[]')
      FROM page WHERE r.id = page.id
        AND (r.id IN (SELECT id FROM filters) OR (r.sample @> ${JSON.stringify([{ addressKey: key }])}::jsonb
          AND EXISTS (SELECT FROM jsonb_array_elements(r.sample) AS e WHERE e ->> 'addressKey' = ${key} AND e ->> 'address' NOT LIKE 'erased:%')))
      RETURNING r.id
    ),
    told AS (
      UPDATE audit_entry a SET detail = '{"erased":true}' WHERE a.subject = ANY(ARRAY(SELECT 'QuarantineRelease ' || id FROM done))
    )
    SELECT (SELECT count(*)::int FROM done) AS erased`,
  );
};

/** Filters of requalifications, with what the audit trail says of them; their samples name nobody. Few, as releases are. */
export const requalifications: EraseStatement = async (tx, slice) => {
  const filters = await redactFilters(tx, 'requalification', slice);
  return slicedBy(
    tx,
    slice,
    sql`
    page AS MATERIALIZED (SELECT id FROM requalification WHERE id > ${slice.after} ORDER BY id LIMIT ${slice.size} FOR UPDATE),
    filters AS (${filters}),
    done AS (UPDATE requalification r SET filter = f.filter FROM filters f, page WHERE r.id = f.id AND r.id = page.id RETURNING r.id),
    told AS (
      UPDATE audit_entry a SET detail = '{"erased":true}' WHERE a.subject = ANY(ARRAY(SELECT 'Requalification ' || id FROM done))
    )
    SELECT (SELECT count(*)::int FROM done) AS erased`,
  );
};

/**
 * The filters of the page that name the person, each without it, as rows of (id, filter). A condition is never left out: one that was widened would
 * take in everybody where its work goes on.
 */
async function redactFilters(tx: Queryable, table: 'quarantine_release' | 'requalification', slice: EraseSlice): Promise<Sql> {
  const found = await tx.query<{ id: bigint; filter: object }>(sql`
    SELECT id, filter FROM ${raw(table)} WHERE id > ${slice.after} ORDER BY id LIMIT ${slice.size}`);
  const changed = found.flatMap(({ id, filter }) => {
    const redacted = JSON.stringify(filter, (_name, value) => (typeof value === 'string' ? redactText(value, slice.words) : value));
    return redacted === JSON.stringify(filter) ? [] : [{ id, filter: JSON.parse(redacted) }];
  });
  return sql`SELECT f.id, f.filter FROM jsonb_to_recordset(${rows(changed)}::jsonb) AS f(id bigint, filter jsonb)`;
}

interface KeptText {
  readonly id: bigint;
  readonly text: string;
  readonly firstText: string;
  readonly firstAddress: string | null;
}

/**
 * Texts of failures are shared by everybody who met them: the first sample goes where it was this person's, and of the text itself what names
 * the person. Its md5 stays: by it the text is recognised when it comes again.
 */
export const qualifications: EraseStatement = async (tx, slice) => {
  const { of, after, size, words } = slice;
  const addresses = words.addresses.map((address) => address.slice(0, 128));
  const found = await tx.query<KeptText>(sql`
    SELECT q.id, q.text, q.first_text AS "firstText", q.first_address AS "firstAddress" FROM qualification q
    WHERE q.id = ANY(ARRAY(
      SELECT id FROM (
        SELECT id FROM qualification WHERE left(first_address, 128) = ANY(${addresses}::text[])
        UNION SELECT qualification_id FROM delivery_event WHERE address_key = ${of.key}::uuid AND qualification_id IS NOT NULL
      ) AS met WHERE id > ${after} ORDER BY id LIMIT ${size}))
    ORDER BY q.id FOR UPDATE`);
  const changed = found.flatMap((row) => {
    const theirs = row.firstAddress !== null && words.addresses.includes(row.firstAddress);
    const text = redactText(row.text, words);
    const firstText = theirs ? text : redactText(row.firstText, words);
    return theirs || text !== row.text || firstText !== row.firstText ? [{ id: row.id, text, firstText, theirs }] : [];
  });
  await tx.execute(sql`
    UPDATE qualification q SET text = r.text, first_text = r."firstText",
      first_address = CASE WHEN r.theirs THEN ${displaySql(sql`${of.key}::uuid`)} ELSE q.first_address END
    FROM jsonb_to_recordset(${rows(changed)}::jsonb) AS r(id bigint, text text, "firstText" text, theirs boolean) WHERE q.id = r.id`);
  const patterns = redactedPatterns(words);
  await tx.execute(sql`
    UPDATE alert SET text = ${redactedSql(sql`text`, patterns)}
    WHERE qualification_id = ANY(${`{${changed.map(({ id }) => id).join(',')}}`}::bigint[])`);
  return { erased: changed.length, next: found.length < size ? null : (found.at(-1)?.id ?? null) };
};
