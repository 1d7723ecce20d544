/** How late the delivered messages of a place are told (`domain/statistics/report-delay.ts`), learned as counters are folded. */
import { DELAY_CLASSES, DELAY_MEMORY, DELAY_MINIMUM, DELAY_PERCENT } from '../domain/statistics/report-delay.ts';
import { SLOTS_A_DAY, slotOf } from '../domain/statistics/result-slot.ts';
import { COUNTER_LOCK } from './counter-lock.ts';
import { type Queryable, raw, sql } from './database.ts';
import type { PurgedSlice, PurgeSlice } from './purge-old-rows.ts';

const SLOTS = raw(`ARRAY[${DELAY_CLASSES.map(({ slots }) => slots).join(',')}]`);
const KEPT = DELAY_MEMORY / 2;

/**
 * Of the statement that folds counters: brings the places up to date at which delivered messages have just been told late, and those of which that is
 * known from before. What was delivered there before the first late one counts as told at once. `sums` are the lines that are folded.
 */
export const FOLDED_DELAYS = sql`delivered AS (
      SELECT split_part(s.metric, ' ', 1)::"Channel" AS channel, split_part(s.metric, ' ', 3) AS domain, sum(s.amount) AS amount, max(s.subject)::int AS slot
      FROM sums s WHERE s.kind = 'DOMAIN' AND split_part(s.metric, ' ', 2) = 'DELIVERED' GROUP BY 1, 2
    ), late AS (
      SELECT split_part(s.metric, ' ', 1)::"Channel" AS channel, split_part(s.metric, ' ', 3) AS domain, split_part(s.metric, ' ', 2)::int AS class,
        sum(s.amount) AS amount, max(s.subject)::int AS slot
      FROM sums s WHERE s.kind = 'DELAY' GROUP BY 1, 2, 3
    ), told_at AS (
      SELECT n.channel, n.domain, GREATEST(0, n.delivered - n.late) AS prompt, n.slot, k.told
      FROM (
        SELECT u.channel, u.domain, sum(u.delivered) AS delivered, sum(u.late) AS late, max(u.slot) AS slot FROM (
          SELECT channel, domain, amount AS delivered, 0 AS late, slot FROM delivered
          UNION ALL SELECT channel, domain, 0, amount, slot FROM late) u
        GROUP BY u.channel, u.domain) n
      LEFT JOIN domain_delay k ON k.channel = n.channel AND k.domain = n.domain
      WHERE n.late > 0 OR k.told IS NOT NULL
    ), parts AS (
      SELECT t.channel, t.domain, t.slot, c.class, c.amount
      FROM told_at t CROSS JOIN LATERAL (
        SELECT g AS class, CASE WHEN g > 0 THEN COALESCE(t.told[g + 1], 0)
          ELSE t.prompt + COALESCE(t.told[1], (
            SELECT LEAST(${KEPT}::int, COALESCE(sum(d.amount), 0)) FROM domain_result d
            WHERE d.channel = t.channel AND d.domain = t.domain AND d.result = 'DELIVERED')) END AS amount
        FROM generate_series(0, ${DELAY_CLASSES.length - 1}::int) AS g) AS c
      UNION ALL SELECT channel, domain, slot, class, amount FROM late
    ), classes AS (
      SELECT channel, domain, max(slot) AS slot, class, sum(amount) AS amount, sum(sum(amount)) OVER place AS total,
        sum(sum(amount)) OVER (place ORDER BY class) AS up_to
      FROM parts GROUP BY channel, domain, class WINDOW place AS (PARTITION BY channel, domain)
    ), delays AS (
      INSERT INTO domain_delay AS d (channel, domain, told, settle_slots, last_slot)
      SELECT channel, domain, array_agg(CASE WHEN total > ${DELAY_MEMORY}::int THEN floor(amount * ${KEPT}::int / total) ELSE amount END ORDER BY class)::int[],
        CASE WHEN max(total) < ${DELAY_MINIMUM}::int THEN 0
          ELSE (${SLOTS})[1 + min(class) FILTER (WHERE up_to * 100 >= total * ${DELAY_PERCENT}::int)] END, max(slot)
      FROM classes GROUP BY channel, domain
      ON CONFLICT (channel, domain) DO UPDATE SET told = excluded.told, settle_slots = excluded.settle_slots,
        last_slot = GREATEST(d.last_slot, excluded.last_slot)
    )`;

/** Places at which nothing was delivered since that instant. */
export async function purgeDomainDelays(tx: Queryable, { before, size }: PurgeSlice): Promise<PurgedSlice> {
  await tx.query(COUNTER_LOCK);
  const deleted = await tx.execute(sql`
    DELETE FROM domain_delay WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM domain_delay WHERE last_slot <= ${slotOf(before) - SLOTS_A_DAY}::int ORDER BY last_slot LIMIT ${size}))`);
  return { deleted, next: deleted < size ? null : 0n };
}
