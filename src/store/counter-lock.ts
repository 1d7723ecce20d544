import { sql } from './database.ts';

/** Folding a counter and setting it, or moving it, exclude each other: lines that are being folded would be added to what was just set. */
export const COUNTER_LOCK = sql`SELECT pg_advisory_xact_lock(2, 0)`;
