/**
 * The file of an access request: one JSON object with a list for each kind of data. It is made where the data is, part by part, so that a
 * hundred thousand messages pass through no process; the parts in their order are the file.
 */
import { join, type Queryable, raw, type Sql, sql } from './database.ts';
import { uuids } from './feedback-reads.ts';

/** Whose data the file holds. */
export interface FileSubject {
  readonly profileId: bigint | null;
  /** Of the addresses that are theirs alone, or were asked for. */
  readonly keys: readonly string[];
  /** Of addresses that others hold too: of these only what is about the person is told. */
  readonly sharedKeys: readonly string[];
}

interface Section {
  readonly name: string;
  /** Rows with `id` and `item`, as JSON, of which those beyond `after` are taken. */
  rows(subject: FileSubject, after: bigint, size: number): Sql;
}

/** What is of no use to the person: places in the feed and keys that only this instance can make. */
const INTERNAL = sql`ARRAY['txid', 'address_key', 'address_keys', 'dedupe_key', 'work', 'step', 'position', 'locked_by']`;

const keysOf = (keys: readonly string[]): Sql => sql`${uuids(keys)}::uuid[]`;
const personOf = ({ profileId }: FileSubject): Sql => sql`${profileId ?? 0n}`;

/** Rows of a table that fulfil the condition. OFFSET 0: they are found by the condition's index, never by walking all ids. */
function section(name: string, table: string, condition: (subject: FileSubject) => Sql): Section {
  return {
    name,
    rows: (subject, after, size) => sql`
      SELECT c.id, to_jsonb(c) - ${INTERNAL} AS item
      FROM (SELECT * FROM ${raw(table)} c WHERE ${condition(subject)} AND c.id > ${after} OFFSET 0) AS c ORDER BY c.id LIMIT ${size}`,
  };
}

/** What is about the addresses, and what is about the person under other keys: two walks by two indexes, put in one order. */
function ownSection(name: string, table: string): Section {
  return {
    name,
    rows: (subject, after, size) => {
      const walk = (found: Sql) => sql`(SELECT c.* FROM ${raw(table)} c WHERE ${found} AND c.id > ${after} ORDER BY c.id LIMIT ${size})`;
      const walks = subject.keys.map((key) => walk(sql`c.address_key = ${key}::uuid`));
      const others = sql`c.profile_id = ${personOf(subject)} AND NOT (c.address_key = ANY(${keysOf(subject.keys)}))`;
      return sql`
        SELECT c.id, to_jsonb(c) - ${INTERNAL} AS item FROM (${join([...walks, walk(others)], ' UNION ALL ')}) AS c ORDER BY c.id LIMIT ${size}`;
    },
  };
}

const allKeys = ({ keys, sharedKeys }: FileSubject): Sql => sql`c.address_key = ANY(${keysOf([...keys, ...sharedKeys])})`;
const person = (subject: FileSubject): Sql => sql`c.profile_id = ${personOf(subject)}`;

/** What speaks of several people, or of somebody else and only names this one, is told of and not shown: it is their data. */
const INBOUND: Section = {
  name: 'inboundEvents',
  rows: (subject, after, size) => {
    const keys = keysOf(subject.keys);
    const alone = sql`(COALESCE(jsonb_array_length(i.answer -> 'recipients'), 0) <= 1 AND COALESCE(i.address_key = ANY(${keys}), false))`;
    return sql`
      SELECT id, jsonb_build_object('id', id, 'door', door, 'kind', kind, 'state', state, 'received_at', received_at,
        'payload', CASE WHEN kind = 'MESSAGE' OR alone THEN payload END, 'answer', CASE WHEN alone THEN answer END,
        'raw_base64', CASE WHEN alone THEN replace(encode(raw, 'base64'), E'\\n', '') END,
        'withheld', CASE WHEN NOT alone THEN 'This speaks of other people too.' END) AS item
      FROM (
        SELECT i.*, ${alone} AS alone, sum(COALESCE(octet_length(i.raw), 0)) OVER (ORDER BY i.id) - COALESCE(octet_length(i.raw), 0) AS before
        FROM inbound_event i WHERE i.id = ANY(ARRAY(
          SELECT id FROM (
            SELECT id FROM inbound_event WHERE address_key = ANY(${keys})
            UNION SELECT id FROM inbound_event WHERE address_keys && ${keys}
            UNION SELECT e.inbound_event_id FROM delivery_event e WHERE e.address_key = ANY(${keys}) AND e.inbound_event_id IS NOT NULL
          ) AS named WHERE id > ${after} ORDER BY id LIMIT ${size}))
      ) AS i WHERE before <= ${MOST_BYTES}::int ORDER BY id`;
  },
};

/** Raw messages of one part; a single one may be larger. */
const MOST_BYTES = 4 * 1024 * 1024;

export const FILE_SECTIONS: readonly Section[] = [
  section('profiles', 'profile', (subject) => sql`c.id = ${personOf(subject)}`),
  section('addresses', 'address', person),
  section('consents', 'consent_event', person),
  section('quarantineEntries', 'quarantine_entry', allKeys),
  section('quarantineHistory', 'quarantine_event', allKeys),
  ownSection('deliveryLogs', 'delivery_log'),
  {
    name: 'deliveryEvents',
    rows: (subject, after, size) => sql`
      SELECT c.id, to_jsonb(c) - ${INTERNAL} AS item FROM delivery_event c WHERE c.id = ANY(ARRAY(
        SELECT id FROM (
          SELECT id FROM delivery_event WHERE address_key = ANY(${keysOf(subject.keys)}) AND id > ${after}
          UNION SELECT e.id FROM delivery_log l JOIN delivery_event e ON e.delivery_log_id = l.id
            WHERE l.profile_id = ${personOf(subject)} AND l.address_key = ANY(${keysOf(subject.sharedKeys)}) AND e.id > ${after}
        ) AS known ORDER BY id LIMIT ${size})) ORDER BY c.id`,
  },
  ownSection('exclusionLogs', 'exclusion_log'),
  INBOUND,
  {
    name: 'qualifications',
    rows: (subject, after, size) => sql`
      SELECT c.id, jsonb_build_object('id', c.id, 'channel', c.channel, 'first_text', c.first_text, 'first_address', c.first_address,
        'created_at', c.created_at) AS item
      FROM qualification c
      WHERE c.id > ${after} AND left(c.first_address, 128) IN (
        SELECT left(a.value, 128) FROM address a WHERE a.address_key = ANY(${keysOf(subject.keys)})
        UNION SELECT left(q.address, 128) FROM quarantine_entry q WHERE q.address_key = ANY(${keysOf(subject.keys)})
        UNION SELECT left(l.address, 128) FROM delivery_event l WHERE l.address_key = ANY(${keysOf(subject.keys)}))
      ORDER BY c.id LIMIT ${size}`,
  },
  section(
    'auditTrail',
    'audit_entry',
    (subject) => sql`c.subject = ANY(ARRAY(
      SELECT 'Profile ' || ${personOf(subject)}::bigint
      UNION SELECT 'QuarantineEntry ' || q.entry_id FROM quarantine_event q WHERE ${allKeysOf('q', subject)}))`,
  ),
  section(
    'privacyRequests',
    'privacy_request',
    (subject) => sql`(c.profile_id = ${personOf(subject)} OR c.address_keys && ${keysOf(subject.keys)})`,
  ),
];

function allKeysOf(alias: 'q', { keys, sharedKeys }: FileSubject): Sql {
  return sql`${raw(alias)}.address_key = ANY(${keysOf([...keys, ...sharedKeys])})`;
}

export interface FilePart {
  readonly requestId: bigint;
  readonly part: number;
  readonly section: Section;
  readonly subject: FileSubject;
  readonly after: bigint;
  readonly size: number;
  /** Stands before the first row of the part, if it has one. */
  readonly separator: string;
}

export interface WrittenPart {
  readonly rows: number;
  /** The last row of the part; null where there was none. */
  readonly last: bigint | null;
}

/** Writes the next rows of a section as a part of the file. */
export async function writeRowsPart(
  tx: Queryable,
  { requestId, part, section: of, subject, after, size, separator }: FilePart,
): Promise<WrittenPart> {
  const [row] = await tx.query<WrittenPart>(sql`
    WITH page AS MATERIALIZED (${of.rows(subject, after, size)}),
    written AS (
      INSERT INTO privacy_file_part (request_id, part, content)
      SELECT ${requestId}, ${part}::int, convert_to(${separator} || string_agg(item::text, E',\\n' ORDER BY id), 'UTF8') FROM page HAVING count(*) > 0
    )
    SELECT (SELECT count(*)::int FROM page) AS rows, (SELECT max(id) FROM page) AS last`);
  if (!row) throw new Error('a part of the file gave no answer');
  return row;
}

export async function writeTextPart(tx: Queryable, requestId: bigint, part: number, text: string): Promise<void> {
  await tx.execute(sql`
    INSERT INTO privacy_file_part (request_id, part, content) VALUES (${requestId}, ${part}::int, convert_to(${text}, 'UTF8'))`);
}

const DELETED = 'the file of a privacy request was deleted while it was read';
/** What one statement brings into this process. */
const PIECE_BYTES = 512 * 1024;

/**
 * The bytes of the file, in flat memory.
 *
 * @param bytes how many there are: a file that is deleted meanwhile ends in an error, never early
 */
export async function* readFileParts(database: Queryable, requestId: bigint, bytes: bigint): AsyncGenerator<Uint8Array> {
  let read = 0n;
  for (let after = -1; ; ) {
    const [part] = await database.query<{ part: number; size: number }>(sql`
      SELECT part, octet_length(content) AS size FROM privacy_file_part WHERE request_id = ${requestId} AND part > ${after}::int ORDER BY part LIMIT 1`);
    if (!part && read === bytes) return;
    if (!part) throw new Error(DELETED);
    for (let from = 1; from <= part.size; from += PIECE_BYTES) {
      const [piece] = await database.query<{ content: Uint8Array }>(sql`
        SELECT substring(content FROM ${from}::int FOR ${PIECE_BYTES}::int) AS content FROM privacy_file_part
        WHERE request_id = ${requestId} AND part = ${part.part}::int`);
      if (!piece) throw new Error(DELETED);
      read += BigInt(piece.content.length);
      yield piece.content;
    }
    after = part.part;
  }
}
