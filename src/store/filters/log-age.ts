import { InvalidInputError } from '../../domain/errors.ts';
import { type Queryable, sql } from '../database.ts';
import type { DeliveryLogFilter, ExclusionLogFilter } from './log-filters.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const UNINDEXED_DAYS = 30;

/**
 * A filter that no index answers reads the whole table. Where the logs reach back further than 30 days, such a filter is refused; no filter
 * at all is not, since then every row is one of the page.
 *
 * @throws InvalidInputError that names what to add
 */
export async function requireIndexedCondition(
  database: Queryable,
  table: 'delivery_log' | 'exclusion_log',
  filter: DeliveryLogFilter & ExclusionLogFilter,
  now: Date,
): Promise<void> {
  const isFiltered = Object.values(filter).some((value) => value !== null && value !== undefined);
  const oldest = new Date(now.getTime() - UNINDEXED_DAYS * DAY_MS);
  if (!isFiltered || hasIndexedCondition(filter, oldest)) return;
  const older =
    table === 'delivery_log'
      ? await database.query(sql`SELECT FROM (SELECT created_at FROM delivery_log ORDER BY id LIMIT 1) first WHERE created_at < ${oldest}`)
      : await database.query(
          sql`SELECT FROM (SELECT created_at FROM exclusion_log ORDER BY id LIMIT 1) first WHERE created_at < ${oldest}`,
        );
  if (older.length > 0)
    throw new InvalidInputError(`Beyond ${UNINDEXED_DAYS} days of logs the filter needs one of: ${INDEXED[table]}.`, 'filter');
}

const INDEXED = {
  delivery_log: 'deliveryId, profileId, address.eq, domain, failureReason, or updatedAt.from within the last 30 days',
  exclusion_log: 'deliveryId, profileId, address.eq, reason, or createdAt.from within the last 30 days',
} as const;

function hasIndexedCondition(filter: DeliveryLogFilter & ExclusionLogFilter, oldest: Date): boolean {
  const { deliveryId, profileId, address, domain, failureReason, reason, updatedAt, createdAt } = filter;
  const from = updatedAt?.from ?? createdAt?.from;
  return (
    [deliveryId, profileId, address?.eq, domain, failureReason, reason].some((value) => value !== null && value !== undefined) ||
    (from ?? oldest) > oldest
  );
}
