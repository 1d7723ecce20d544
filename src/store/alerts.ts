/** What staff is alerted to: one row a kind and subject, in the order in which they were raised. */
import type { AlertKind } from '../domain/vocabulary.ts';
import { type Queryable, rows, type Sql, sql } from './database.ts';
import { checkedList, enumConditions, type List } from './filters/conditions.ts';
import { and } from './page.ts';

export interface NewAlert {
  readonly kind: AlertKind;
  /** What it is about: names it among those of its kind. */
  readonly subject: string;
  /** A sentence for a person. */
  readonly text: string;
  readonly qualificationId: bigint | null;
}

/** @returns how many are new: a subject that was raised before is left as it is */
export async function insertAlerts(tx: Queryable, alerts: readonly NewAlert[], now: Date): Promise<number> {
  if (alerts.length === 0) return 0;
  return tx.execute(sql`
    INSERT INTO alert (kind, subject, text, qualification_id, raised_at)
    SELECT r.kind, r.subject, r.text, r."qualificationId", ${now}::timestamptz
    FROM jsonb_to_recordset(${rows(alerts)}::jsonb) AS r(kind "AlertKind", subject text, text text, "qualificationId" bigint)
    ON CONFLICT (kind, subject) DO NOTHING`);
}

/** Who acknowledged an alert first stands. @returns the ids that exist, acknowledged now or before */
export async function acknowledge(tx: Queryable, ids: readonly bigint[], by: string, now: Date): Promise<bigint[]> {
  const wanted = `{${ids.join(',')}}`;
  await tx.execute(sql`
    UPDATE alert SET acknowledged_at = ${now}::timestamptz, acknowledged_by = ${by}
    WHERE id = ANY(ARRAY(SELECT id FROM alert WHERE id = ANY(${wanted}::bigint[]) AND acknowledged_at IS NULL ORDER BY id FOR UPDATE))`);
  const found = await tx.query<{ id: bigint }>(sql`SELECT id FROM alert WHERE id = ANY(${wanted}::bigint[])`);
  return found.map(({ id }) => id);
}

/** Whoever has said what a text means has seen its alert too. */
export async function acknowledgeTexts(tx: Queryable, qualificationIds: readonly bigint[], by: string, now: Date): Promise<void> {
  await tx.execute(sql`
    UPDATE alert SET acknowledged_at = ${now}::timestamptz, acknowledged_by = ${by}
    WHERE id = ANY(ARRAY(SELECT id FROM alert
      WHERE qualification_id = ANY(${`{${qualificationIds.join(',')}}`}::bigint[]) AND acknowledged_at IS NULL ORDER BY id FOR UPDATE))`);
}

export async function countOpenAlerts(database: Queryable): Promise<ReadonlyMap<AlertKind, number>> {
  const counts = await database.query<{ kind: AlertKind; open: number }>(
    sql`SELECT kind, count(*)::int AS open FROM alert WHERE acknowledged_at IS NULL GROUP BY kind`,
  );
  return new Map(counts.map(({ kind, open }) => [kind, open]));
}

export interface AlertFilter {
  readonly kind?: List<AlertKind>;
  readonly acknowledged?: boolean | null | undefined;
}

/** Condition on `c`, an alert. */
export function alertCondition(filter: AlertFilter): Sql {
  const { kind, acknowledged } = filter;
  const open = acknowledged == null ? [] : [acknowledged ? sql`c.acknowledged_at IS NOT NULL` : sql`c.acknowledged_at IS NULL`];
  return and([...enumConditions(sql`c.kind`, kind, 'filter.kind'), ...open]);
}

/** The same for alerts as they are raised: none of them is acknowledged yet. */
export function alertMatcher(filter: AlertFilter): (alert: { readonly kind: AlertKind }) => boolean {
  const kinds = checkedList(filter.kind, 'filter.kind');
  return ({ kind }) => filter.acknowledged !== true && (kinds === null || kinds.includes(kind));
}
