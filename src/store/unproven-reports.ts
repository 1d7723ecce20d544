/** Messages that were held for want of proof when they came (amendment A11). */
import { type Queryable, sql } from './database.ts';

/** Condition on `c`, what came in: it was held, whatever has become of it since. */
const WAS_HELD = sql`c.kind = 'MESSAGE' AND (c.state IN ('UNPROVEN', 'DISMISSED') OR c.answer ? 'unproven')`;

/** Condition on `c`, what came in: it is held. */
export const IS_HELD = sql`c.state = 'UNPROVEN'`;

export interface UnprovenMessage {
  readonly state: 'UNPROVEN' | 'PROCESSED' | 'DISMISSED';
  /** Empty where it named somebody who was erased. */
  readonly raw: Uint8Array;
  readonly receivedAt: Date;
}

export async function readUnprovenMessage(database: Queryable, id: bigint): Promise<UnprovenMessage | null> {
  const [row] = await database.query<UnprovenMessage>(sql`
    SELECT c.state, c.raw, c.received_at AS "receivedAt" FROM inbound_event c WHERE c.id = ${id} AND ${WAS_HELD}`);
  return row ?? null;
}

export type UnprovenState = UnprovenMessage['state'];

/** What has become of it; null where no such message was held. */
export async function readUnprovenState(database: Queryable, id: bigint): Promise<UnprovenState | null> {
  const [row] = await database.query<{ state: UnprovenState }>(sql`
    SELECT c.state FROM inbound_event c WHERE c.id = ${id} AND ${WAS_HELD}`);
  return row?.state ?? null;
}

/** The same, locked: whoever lets it count waits, or has committed. */
export async function lockUnprovenState(tx: Queryable, id: bigint): Promise<UnprovenState | null> {
  const [row] = await tx.query<{ state: UnprovenState }>(sql`
    SELECT c.state FROM inbound_event c WHERE c.id = ${id} AND ${WAS_HELD} FOR UPDATE`);
  return row?.state ?? null;
}

export async function setDismissed(tx: Queryable, id: bigint): Promise<void> {
  await tx.execute(sql`UPDATE inbound_event SET state = 'DISMISSED' WHERE id = ${id}`);
}
