import { exclusionRule } from '../domain/exclusion/exclusion-rules.ts';
import { type Queryable, type Sql, sql } from './database.ts';
import { type RuleVolume, ruleNumber } from './exclusion-rules-sql.ts';
import type { SliceDelivery } from './prepare-slice.ts';
import { inControlGroupSql, lotSql } from './recipient-lot.ts';

/** The last recipient inside the limit, in the order of the lots. */
export interface LimitCut {
  readonly lot: string;
  readonly logId: bigint;
}

/**
 * Where the size limit cuts a target that exceeds it and is decided but for it (reason 17: a random surplus).
 *
 * The limit takes the first lots of the whole target, so it cannot be found before the last slice. Asked again while the surplus is being removed,
 * it gives the same: what is gone stood behind the cut.
 */
export async function findLimitCut(tx: Queryable, delivery: SliceDelivery): Promise<LimitCut> {
  // It reads every message of the run once, however many there are, and writes nothing: the limit for statements is not meant for it.
  await tx.execute(sql`SET LOCAL statement_timeout = 0`);
  const lot = lotSql('LIMIT', delivery.deliveryId, delivery.run, sql`address_key`);
  const [row] = await tx.query<{ lot: string; id: bigint }>(sql`
    SELECT encode(lot, 'hex') AS lot, id FROM (
      SELECT ${lot} AS lot, id FROM delivery_log WHERE delivery_id = ${delivery.deliveryId} AND run = ${delivery.run}
    ) AS kept
    ORDER BY kept.lot, id OFFSET ${delivery.limitTo - 1} LIMIT 1`);
  if (row === undefined) throw new Error('the size limit is exceeded, but the message that it ends with was not found');
  return { lot: row.lot, logId: row.id };
}

/** One bounded piece of the cut: messages beyond `after`, as many as `size`. */
export interface CutPiece {
  readonly delivery: SliceDelivery;
  readonly after: bigint;
  readonly size: number;
  readonly at: Date;
}

export interface CutResult {
  /** The last message looked at; null where none was left. */
  readonly last: bigint | null;
  readonly volumes: readonly RuleVolume[];
}

/** Turns the surplus behind the cut into exclusions. */
export function cutSurplus(tx: Queryable, piece: CutPiece, cut: LimitCut): Promise<CutResult> {
  const { deliveryId, run } = piece.delivery;
  const lot = lotSql('LIMIT', deliveryId, run, sql`log.address_key`);
  return cutWhere(tx, piece, 'TARGET_LIMITED', sql`(${lot}, log.id) > (decode(${cut.lot}, 'hex'), ${cut.logId}::bigint)`);
}

/** Takes the control group out of what the limit has left. */
export function cutControlGroup(tx: Queryable, piece: CutPiece): Promise<CutResult> {
  const { deliveryId, run, controlGroupPercent } = piece.delivery;
  return cutWhere(
    tx,
    piece,
    'CONTROL_GROUP',
    inControlGroupSql(lotSql('CONTROL', deliveryId, run, sql`log.address_key`), controlGroupPercent),
  );
}

async function cutWhere(tx: Queryable, piece: CutPiece, key: 'TARGET_LIMITED' | 'CONTROL_GROUP', condition: Sql): Promise<CutResult> {
  const { delivery, after, size, at } = piece;
  const rule = exclusionRule(key);
  const [row] = await tx.query<{ last: bigint | null; volume: number }>(sql`
    WITH piece AS MATERIALIZED (
      SELECT id FROM delivery_log WHERE delivery_id = ${delivery.deliveryId} AND run = ${delivery.run} AND id > ${after} ORDER BY id LIMIT ${size}
    ),
    gone AS (
      DELETE FROM delivery_log AS log USING piece WHERE log.id = piece.id AND ${condition}
      RETURNING log.profile_id, log.address, log.address_key
    ),
    excluded AS (
      INSERT INTO exclusion_log (delivery_id, run, profile_id, address, address_key, channel, reason, cause, text, scope, created_at)
      SELECT ${delivery.deliveryId}, ${delivery.run}, profile_id, address, address_key, ${delivery.channel}::"Channel",
             ${rule.reason}::"FailureReason", ${rule.cause}, ${rule.text}, ${rule.scope}::"ExclusionScope", ${at}::timestamptz
      FROM gone
    )
    SELECT (SELECT max(id) FROM piece) AS last, (SELECT count(*)::int FROM gone) AS volume`);
  const volume = row?.volume ?? 0;
  return { last: row?.last ?? null, volumes: volume === 0 ? [] : [{ rule: ruleNumber(rule), volume }] };
}
