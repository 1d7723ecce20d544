/** The roll-up of results by receiving domain: read for the statistics, and kept small by the cleanup. */
import { SLOTS_A_DAY, slotOf } from '../domain/statistics/result-slot.ts';
import type { Channel } from '../domain/vocabulary.ts';
import { COUNTER_LOCK } from './counter-lock.ts';
import { type Queryable, sql } from './database.ts';
import type { PurgedSlice, PurgeSlice } from './purge-old-rows.ts';

/**
 * Folds slots before that instant into the first slots of their days: a slice of them. No counter is folded meanwhile, so that none of the rows moves.
 */
export async function foldDomainDays(tx: Queryable, { before, size }: PurgeSlice): Promise<PurgedSlice> {
  await tx.query(COUNTER_LOCK);
  const [row] = await tx.query<{ deleted: number }>(sql`
    WITH gone AS (
      DELETE FROM domain_result WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM domain_result WHERE slot % 144 <> 0 AND slot < ${slotOf(before)}::int ORDER BY slot LIMIT ${size}))
      RETURNING channel, domain, slot, result, amount
    ), days AS (
      INSERT INTO domain_result AS d (channel, domain, slot, result, amount)
      SELECT channel, domain, slot - slot % ${SLOTS_A_DAY}::int AS day, result, sum(amount) FROM gone GROUP BY channel, domain, day, result
      ON CONFLICT (channel, domain, slot, result) DO UPDATE SET amount = d.amount + excluded.amount
    )
    SELECT count(*)::int AS deleted FROM gone`);
  const deleted = row?.deleted ?? 0;
  return { deleted, next: deleted < size ? null : 0n };
}

/** Days that have ended at that instant. */
export async function purgeDomainResults(tx: Queryable, { before, size }: PurgeSlice): Promise<PurgedSlice> {
  await tx.query(COUNTER_LOCK);
  const deleted = await tx.execute(sql`
    DELETE FROM domain_result WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM domain_result WHERE slot <= ${slotOf(before) - SLOTS_A_DAY}::int ORDER BY slot LIMIT ${size}))`);
  return { deleted, next: deleted < size ? null : 0n };
}

/** Slots from the first to before the last. */
export interface SlotRange {
  readonly from: number;
  readonly to: number;
}

export interface DomainResultSearch extends SlotRange {
  readonly channel: Channel;
  /** null = all. */
  readonly domains: readonly string[] | null;
  /** Slots that are added up to one row; null = all of the range. */
  readonly step: number | null;
  /** Domains with the most results, at most so many. */
  readonly first: number;
}

export interface DomainResultRow {
  readonly domain: string;
  /** First slot of the period. */
  readonly slot: number;
  /** DELIVERED, or the reason of the failure. */
  readonly result: string;
  readonly count: number;
}

/** By domain, that with the most results first, and period. */
export async function readDomainResults(database: Queryable, search: DomainResultSearch): Promise<DomainResultRow[]> {
  const { channel, domains, from, to, step, first } = search;
  const period = step === null ? sql`${from}::int` : sql`slot - slot % ${step}::int`;
  const named = domains === null ? sql`true` : sql`domain = ANY(${[...domains]}::text[])`;
  return database.query<DomainResultRow>(sql`
    WITH sums AS MATERIALIZED (
      SELECT domain, ${period} AS period, result, sum(amount) AS count FROM domain_result
      WHERE channel = ${channel}::"Channel" AND slot >= ${from}::int AND slot < ${to}::int AND ${named} GROUP BY domain, period, result
    ), chosen AS (
      SELECT domain, sum(count) AS messages FROM sums GROUP BY domain ORDER BY messages DESC, domain LIMIT ${first}
    )
    SELECT s.domain, s.period AS slot, s.result, LEAST(2147483647, s.count)::int AS count FROM sums s JOIN chosen c ON c.domain = s.domain
    ORDER BY c.messages DESC, s.domain, s.period, s.result`);
}

/** Failures at all domains of a channel. */
export async function countFailures(database: Queryable, channel: Channel, { from, to }: SlotRange): Promise<number> {
  const [row] = await database.query<{ count: bigint | null }>(sql`
    SELECT sum(amount)::bigint AS count FROM domain_result
    WHERE channel = ${channel}::"Channel" AND slot >= ${from}::int AND slot < ${to}::int AND result <> 'DELIVERED'`);
  return Number(row?.count ?? 0n);
}
