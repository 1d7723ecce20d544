import type { Verdict } from '../domain/qualification/verdict.ts';
import type { Channel, DeliveryOutcome, EventOrigin } from '../domain/vocabulary.ts';
import { type Queryable, sql } from './database.ts';
import { uuids } from './feedback-reads.ts';

/** A result as it was kept when it came in first. */
export interface KeptResult {
  readonly dedupeKey: string;
  readonly addressKey: string;
  /** As it was given: what was absent is absent. */
  readonly payload: {
    readonly channel: Channel;
    readonly outcome: DeliveryOutcome;
    readonly address: string;
    readonly text?: string | null;
    readonly origin?: EventOrigin;
    readonly shortCode?: string | null;
  };
  readonly answer: Verdict | null;
}

/** The results that were kept under these keys of one door. */
export function findInboundResults(database: Queryable, door: string, dedupeKeys: Iterable<string>): Promise<KeptResult[]> {
  return database.query<KeptResult>(sql`
    SELECT dedupe_key::text AS "dedupeKey", address_key::text AS "addressKey", payload, answer FROM inbound_event
    WHERE door = ${door} AND dedupe_key = ANY(${uuids(dedupeKeys)}::uuid[]) AND payload IS NOT NULL AND address_key IS NOT NULL`);
}
