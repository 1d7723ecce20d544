import { EXCLUSION_RULES, exclusionRule } from '../domain/exclusion/exclusion-rules.ts';
import type { Channel } from '../domain/vocabulary.ts';
import { empty, type Queryable, raw, type Sql, sql } from './database.ts';
import { displaySql, isErased } from './erased-keys.ts';
import { firstRuleSql, type RuleVolume, ruleNumber, ruleRowsSql } from './exclusion-rules-sql.ts';
import { type KeyPads, profileKeySql } from './profile-key-sql.ts';
import { inControlGroupSql, lotSql } from './recipient-lot.ts';

/** What a slice must know of its delivery. */
export interface SliceDelivery {
  readonly deliveryId: bigint;
  readonly run: number;
  readonly channel: Channel;
  readonly shortCode: string;
  readonly targetAll: boolean;
  readonly excludeDuplicates: boolean;
  readonly limitTo: number;
  readonly controlGroupPercent: number;
}

export interface Slice {
  readonly delivery: SliceDelivery;
  /** Profiles beyond this id, */
  readonly after: bigint;
  /** up to and with this one. */
  readonly upTo: bigint;
  readonly pads: KeyPads;
  readonly at: Date;
}

const OPTED_OUT_COLUMN: Record<Channel, string | null> = {
  EMAIL: 'opted_out_email',
  SMS: 'opted_out_sms',
  PHONE: 'opted_out_phone',
  DIRECT_MAIL: 'opted_out_direct_mail',
  FAX: 'opted_out_fax',
  PUSH: 'opted_out_push',
  OTHER: null,
};

/** Has the profile of that alias opted out of the channel, or of all? */
export function optedOutSql(alias: string, channel: Channel): Sql {
  const column = OPTED_OUT_COLUMN[channel];
  return raw(column === null ? `${alias}.opted_out_all` : `(${alias}.opted_out_all OR ${alias}.${column})`);
}

/** The last profile of the next slice; null where no targeted profile is left up to `last`. */
export async function sliceEnd(
  tx: Queryable,
  delivery: SliceDelivery,
  range: { after: bigint; last: bigint; size: number },
): Promise<bigint | null> {
  const ids = delivery.targetAll
    ? sql`SELECT id FROM profile WHERE id > ${range.after} AND id <= ${range.last} ORDER BY id LIMIT ${range.size}`
    : sql`SELECT profile_id AS id FROM delivery_target WHERE delivery_id = ${delivery.deliveryId}
          AND profile_id > ${range.after} AND profile_id <= ${range.last} ORDER BY profile_id LIMIT ${range.size}`;
  const [row] = await tx.query<{ end: bigint | null }>(sql`SELECT max(id) AS "end" FROM (${ids}) AS slice`);
  return row?.end ?? null;
}

/**
 * Decides every recipient of the slice and writes one row for each: an exclusion with the first rule that holds, or a pending message. One
 * statement, so that a slice is there as a whole or not at all.
 *
 * The look-ups are fenced (LATERAL with LIMIT): the plan stays the same on an empty table, on stale statistics and on hundreds of millions of
 * rows. Recipients are sorted by key once, so that the look-ups and the writing walk the large indexes from one end to the other.
 */
export async function prepareSlice(tx: Queryable, slice: Slice): Promise<RuleVolume[]> {
  const { delivery } = slice;
  const first = delivery.excludeDuplicates ? await firstRows(tx, delivery) : NO_ROWS;
  return tx.query<{ rule: number | null; volume: number }>(sliceSql(slice, first));
}

/** The first rows of the run; null where it has none yet. */
interface FirstRows {
  readonly log: bigint | null;
  readonly exclusion: bigint | null;
}

const NO_ROWS: FirstRows = { log: null, exclusion: null };

function sliceSql(slice: Slice, first: FirstRows): Sql {
  const { delivery, at } = slice;
  return sql`
    WITH gated AS (
      SELECT r.*, ${firstRuleSql(EXCLUSION_RULES.filter((rule) => rule.isGate))} AS gate
      FROM (${recipientsSql(slice)}) AS r
      LEFT JOIN LATERAL (${entrySql(delivery)}) AS q ON true
      CROSS JOIN LATERAL (SELECT false AS domain_listed, false AS address_listed, ${isErased(sql`r.address_key`)} AS erased) AS x
    ),
    placed AS (
      SELECT gated.*, count(*) FILTER (WHERE gate IS NULL) OVER (
        PARTITION BY address_key ORDER BY profile_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) AS before
      FROM gated
    ),
    judged AS MATERIALIZED (
      SELECT placed.*, COALESCE(gate, ${firstRuleSql(EXCLUSION_RULES.filter((rule) => !rule.isGate))}) AS rule
      FROM placed
      ${earlierSql(delivery, first.log)}
      ${earlierControlSql(delivery, first.exclusion)}
      CROSS JOIN LATERAL (
        SELECT before > 0 OR earlier.found IS NOT NULL OR earlier_control.found IS NOT NULL AS is_repeat, NULL::bigint AS place, ${controlSql(delivery)} AS in_control_group
      ) AS s
      CROSS JOIN (SELECT ${delivery.excludeDuplicates}::boolean AS exclude_duplicates, ${delivery.limitTo}::int AS limit_to) AS d
    ),
    excluded AS (
      INSERT INTO exclusion_log (delivery_id, run, profile_id, address, address_key, channel, reason, cause, text, scope, created_at)
      SELECT ${delivery.deliveryId}, ${delivery.run}, j.profile_id, ${shownSql()}, j.address_key, ${delivery.channel}::"Channel",
             rule.reason, rule.cause, rule.text, rule.scope, ${at}::timestamptz
      FROM judged AS j JOIN ${ruleRowsSql()} ON rule.number = j.rule
    ),
    logged AS (
      INSERT INTO delivery_log (delivery_id, run, profile_id, address, address_key, channel, domain, created_at, updated_at)
      SELECT ${delivery.deliveryId}, ${delivery.run}, j.profile_id, j.value, j.address_key, ${delivery.channel}::"Channel",
             j.domain, ${at}::timestamptz, ${at}::timestamptz
      FROM judged AS j WHERE j.rule IS NULL
    )
    SELECT rule, count(*)::int AS volume FROM judged GROUP BY rule`;
}

/** An erased address stands nowhere in clear, also where a profile has come to hold it again. */
function shownSql(): Sql {
  const erased = String(ruleNumber(exclusionRule('ADDRESS_ERASED')));
  return sql`CASE WHEN j.rule = ${raw(erased)} THEN ${displaySql(sql`j.address_key`)} ELSE j.value END`;
}

/** A recipient is one address of the channel of one targeted profile, or the profile itself where it has none. */
function recipientsSql({ delivery, after, upTo, pads }: Slice): Sql {
  const targeted = delivery.targetAll
    ? sql`AND (a.id IS NOT NULL OR (SELECT true FROM address AS other WHERE other.profile_id = p.id LIMIT 1) IS NULL)`
    : empty;
  const from = delivery.targetAll
    ? sql`profile AS p`
    : sql`delivery_target AS t JOIN profile AS p ON p.id = t.profile_id AND t.delivery_id = ${delivery.deliveryId}
          AND t.profile_id > ${after} AND t.profile_id <= ${upTo}`;
  return sql`
    SELECT p.id AS profile_id, a.value, a.domain, COALESCE(a.address_key, ${profileKeySql(pads, sql`p.id`)}) AS address_key,
           ${optedOutSql('p', delivery.channel)} AS opted_out
    FROM ${from}
    LEFT JOIN address AS a ON a.profile_id = p.id AND a.channel = ${delivery.channel}::"Channel"
      AND a.profile_id > ${after} AND a.profile_id <= ${upTo}
    WHERE p.id > ${after} AND p.id <= ${upTo} ${targeted}
    ORDER BY address_key, profile_id`;
}

/** The entry that holds for the recipient; of the one for the short code (also with the plus of old rows) and the one for all, a denylisted one. */
function entrySql(delivery: SliceDelivery): Sql {
  if (delivery.channel !== 'SMS' || delivery.shortCode === '') {
    return sql`SELECT e.status FROM quarantine_entry AS e WHERE e.address_key = r.address_key AND e.short_code = '' LIMIT 1`;
  }
  return sql`
    SELECT e.status FROM quarantine_entry AS e WHERE e.address_key = r.address_key AND e.short_code IN ('', ${delivery.shortCode}, ${`+${delivery.shortCode}`})
    ORDER BY e.status = 'DENYLISTED' DESC, e.status = 'QUARANTINE' DESC LIMIT 1`;
}

/**
 * Was the address written to by an earlier slice of this run? Only messages that are younger than the run's first are looked at. `+ 0` keeps the planner
 * off the index by delivery and run: statistics that have not seen this run yet promise one row there, and there are hundreds of thousands.
 */
function earlierSql(delivery: SliceDelivery, firstLog: bigint | null): Sql {
  if (firstLog === null) return sql`CROSS JOIN (SELECT NULL::boolean AS found) AS earlier`;
  return sql`
    LEFT JOIN LATERAL (
      SELECT true AS found FROM delivery_log AS l
      WHERE placed.gate IS NULL AND l.address_key = placed.address_key AND l.id >= ${firstLog}
        AND l.delivery_id + 0 = ${delivery.deliveryId} AND l.run = ${delivery.run}
      LIMIT 1
    ) AS earlier ON true`;
}

/**
 * Did the address fall to the control group in an earlier slice of this run? Its next holder is a repeat, as it would be in the same slice. All
 * holders of an address draw one lot, so only those of the group can have had such a one before them.
 */
function earlierControlSql(delivery: SliceDelivery, firstExclusion: bigint | null): Sql {
  if (firstExclusion === null || !drawsControlGroup(delivery)) return sql`CROSS JOIN (SELECT NULL::boolean AS found) AS earlier_control`;
  return sql`
    LEFT JOIN LATERAL (
      SELECT true AS found FROM exclusion_log AS l
      WHERE ${controlSql(delivery)} AND l.address_key = placed.address_key AND l.id >= ${firstExclusion}
        AND l.delivery_id + 0 = ${delivery.deliveryId} AND l.run = ${delivery.run} AND l.reason = 'CONTROL_GROUP'
      LIMIT 1
    ) AS earlier_control ON true`;
}

/** Where the target is limited, the control group is taken from what the limit leaves: later, by `cutTarget`. */
function controlSql(delivery: SliceDelivery): Sql {
  if (!drawsControlGroup(delivery)) return sql`false`;
  const lot = lotSql('CONTROL', delivery.deliveryId, delivery.run, sql`placed.address_key`);
  return sql`gate IS NULL AND ${inControlGroupSql(lot, delivery.controlGroupPercent)}`;
}

function drawsControlGroup({ controlGroupPercent, limitTo }: SliceDelivery): boolean {
  return controlGroupPercent > 0 && limitTo === 0;
}

async function firstRows(tx: Queryable, { deliveryId, run }: SliceDelivery): Promise<FirstRows> {
  const [row = NO_ROWS] = await tx.query<FirstRows>(sql`
    SELECT (SELECT id FROM delivery_log WHERE delivery_id = ${deliveryId} AND run = ${run} ORDER BY id LIMIT 1) AS log,
           (SELECT id FROM exclusion_log WHERE delivery_id = ${deliveryId} AND run = ${run} ORDER BY id LIMIT 1) AS exclusion`);
  return row;
}
