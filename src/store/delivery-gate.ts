/**
 * Who changes a delivery's state or run waits for the batches of results that hold it, and the batches that come later wait for him. The lock of
 * a row would let them in, so that under load a delivery could not be stopped: batches overlap, and its row is never free.
 */
import { type Queryable, type Sql, sql } from './database.ts';

/** Deliveries share gates, as a batch may name more of them than the server has room for locks. */
const GATES = 256;

/** The first statement of the transaction: it waits without a transaction's id. */
export async function closeDeliveryGate(tx: Queryable, deliveryId: bigint): Promise<void> {
  await tx.query(sql`SELECT pg_advisory_xact_lock(4, ${Number(deliveryId % BigInt(GATES))}::int)`);
}

/** Passes the gates of the deliveries in `ids`, a query of ids. */
export async function passDeliveryGates(tx: Queryable, ids: Sql): Promise<void> {
  await tx.query(sql`
    SELECT pg_advisory_xact_lock_shared(4, gate) FROM (
      SELECT DISTINCT (named.id % ${GATES}::int)::int AS gate FROM (${ids}) AS named(id) WHERE named.id IS NOT NULL ORDER BY gate) AS gates`);
}
