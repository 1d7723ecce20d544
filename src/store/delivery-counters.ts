import { type Queryable, rows, sql } from './database.ts';

export interface CounterRow {
  readonly deliveryId: bigint;
  readonly targeted: number;
  readonly excluded: number;
  readonly toDeliver: number;
  /** By metric: what is folded and what is not. */
  readonly amounts: Readonly<Record<string, number>>;
}

/** The counts of the current runs. One statement, so one snapshot: a fold in between moves nothing twice. */
export function readDeliveryCounters(database: Queryable, deliveryIds: readonly bigint[]): Promise<CounterRow[]> {
  return database.query<CounterRow>(sql`
    SELECT d.id AS "deliveryId", run.targeted, run.excluded, run.to_deliver AS "toDeliver", COALESCE(sums.amounts, '{}'::jsonb) AS amounts
    FROM jsonb_to_recordset(${rows(deliveryIds.map((id) => ({ id })))}::jsonb) AS asked (id bigint)
    JOIN delivery AS d ON d.id = asked.id
    JOIN delivery_run AS run ON run.delivery_id = d.id AND run.run = d.run
    CROSS JOIN LATERAL (
      SELECT jsonb_object_agg(metric, amount) AS amounts FROM (
        SELECT metric, sum(amount)::int AS amount FROM (
          SELECT metric, amount FROM delivery_counter WHERE delivery_id = d.id AND run = d.run
          UNION ALL
          SELECT metric, amount FROM counter_delta WHERE kind = 'DELIVERY' AND subject = d.id AND run = d.run
        ) AS parts GROUP BY metric
      ) AS summed
    ) AS sums`);
}
