import { type Sql, sql } from './database.ts';

/**
 * The lot that a recipient draws in one preparation: 32 bytes, different for each purpose, the same whenever it is drawn again. So the choice of
 * a control group or of a surplus is random, and yet a preparation that was killed goes on with the same choice.
 */
export function lotSql(purpose: 'LIMIT' | 'CONTROL', deliveryId: bigint, run: number, addressKey: Sql): Sql {
  return sql`sha256(convert_to(${`${purpose}:${deliveryId}:${run}:`}, 'UTF8') || uuid_send(${addressKey}))`;
}

const LOTS = 2 ** 24;

/** Does the lot fall to the control group? Its first 24 bits are read as a number. */
export function inControlGroupSql(lot: Sql, percent: number): Sql {
  const share = Math.round((percent / 100) * LOTS);
  if (share >= LOTS) return sql`true`;
  return sql`${lot} < decode(${share.toString(16).padStart(6, '0')}, 'hex')`;
}
