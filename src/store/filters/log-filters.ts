import type { Channel, ExclusionScope, FailureReason, FailureType, Fault, MessageStatus } from '../../domain/vocabulary.ts';
import { type Queryable, type Sql, sql } from '../database.ts';
import { and, NEWEST_FIRST, type PageOrder } from '../page.ts';
import { type AddressForms, addressConditions, addressTest, matchesAddress } from './address-test.ts';
import { enumConditions, type InstantRange, isSet, type List, listConditions, rangeConditions, type TextFilter } from './conditions.ts';
import { between, domainList, oneOf } from './quarantine-filter.ts';
import { type TimedTable, timeWalk } from './time-walk.ts';

export interface DeliveryLogFilter {
  readonly deliveryId?: bigint | null | undefined;
  readonly profileId?: bigint | null | undefined;
  readonly address?: TextFilter | null | undefined;
  readonly channel?: List<Channel>;
  readonly domain?: List<string>;
  readonly status?: List<MessageStatus>;
  readonly fault?: List<Fault>;
  readonly failureType?: List<FailureType>;
  readonly failureReason?: List<FailureReason>;
  readonly updatedAt?: InstantRange | null | undefined;
}

/** Condition on `c`, a delivery log. Logs of earlier runs are not shown (amendment A15): see `currentRun`. */
export function deliveryLogCondition(filter: DeliveryLogFilter, forms: AddressForms): Sql {
  const test = addressTest(filter.address, filter.channel, forms, 'filter.address');
  return and([
    ...idConditions(filter),
    ...addressConditions(test, { address: sql`c.address`, key: sql`c.address_key`, channel: sql`c.channel` }),
    ...enumConditions(sql`c.channel`, filter.channel, 'filter.channel'),
    ...listConditions(sql`c.domain`, domainList(filter.domain), 'filter.domain'),
    ...enumConditions(sql`c.status`, filter.status, 'filter.status'),
    ...enumConditions(sql`c.fault`, filter.fault, 'filter.fault'),
    ...enumConditions(sql`c.failure_type`, filter.failureType, 'filter.failureType'),
    ...enumConditions(sql`c.failure_reason`, filter.failureReason, 'filter.failureReason'),
    ...rangeConditions(sql`c.updated_at`, filter.updatedAt, 'filter.updatedAt'),
  ]);
}

/** What of a delivery log a filter looks at. */
export interface DeliveryLogRow {
  readonly deliveryId: bigint | null;
  readonly profileId: bigint | null;
  readonly address: string;
  readonly addressKey: string;
  readonly channel: Channel;
  readonly domain: string | null;
  readonly status: MessageStatus | null;
  readonly fault: Fault | null;
  readonly failureType: FailureType | null;
  readonly failureReason: FailureReason | null;
  readonly updatedAt: Date;
}

/** The same filter for rows in memory, worked out once. */
export function deliveryLogMatcher(filter: DeliveryLogFilter, forms: AddressForms): (row: DeliveryLogRow) => boolean {
  const test = addressTest(filter.address, filter.channel, forms, 'filter.address');
  const tests: ((row: DeliveryLogRow) => boolean)[] = [
    (row) => matchesIds(filter, row),
    (row) => matchesAddress(test, row),
    oneOf(filter.channel, 'filter.channel', ({ channel }) => channel),
    oneOf(domainList(filter.domain), 'filter.domain', ({ domain }) => domain),
    oneOf(filter.status, 'filter.status', ({ status }) => status),
    oneOf(filter.fault, 'filter.fault', ({ fault }) => fault),
    oneOf(filter.failureType, 'filter.failureType', ({ failureType }) => failureType),
    oneOf(filter.failureReason, 'filter.failureReason', ({ failureReason }) => failureReason),
    between(filter.updatedAt, 'filter.updatedAt', ({ updatedAt }) => updatedAt),
  ];
  return (row) => tests.every((one) => one(row));
}

export interface ExclusionLogFilter {
  readonly deliveryId?: bigint | null | undefined;
  readonly profileId?: bigint | null | undefined;
  readonly scope?: List<ExclusionScope>;
  readonly address?: TextFilter | null | undefined;
  readonly channel?: List<Channel>;
  readonly reason?: List<FailureReason>;
  readonly createdAt?: InstantRange | null | undefined;
}

/** Condition on `c`, an exclusion log. */
export function exclusionLogCondition(filter: ExclusionLogFilter, forms: AddressForms): Sql {
  const test = addressTest(filter.address, filter.channel, forms, 'filter.address');
  return and([
    ...idConditions(filter),
    ...addressConditions(test, { address: sql`c.address`, key: sql`c.address_key`, channel: sql`c.channel` }),
    ...enumConditions(sql`c.scope`, filter.scope, 'filter.scope'),
    ...enumConditions(sql`c.channel`, filter.channel, 'filter.channel'),
    ...enumConditions(sql`c.reason`, filter.reason, 'filter.reason'),
    ...rangeConditions(sql`c.created_at`, filter.createdAt, 'filter.createdAt'),
  ]);
}

/** What of an exclusion log a filter looks at. */
export interface ExclusionLogRow {
  readonly deliveryId: bigint;
  readonly profileId: bigint | null;
  readonly scope: ExclusionScope | null;
  readonly address: string | null;
  readonly addressKey: string;
  readonly channel: Channel;
  readonly reason: FailureReason;
  readonly createdAt: Date;
}

/** The same filter for rows in memory, worked out once. */
export function exclusionLogMatcher(filter: ExclusionLogFilter, forms: AddressForms): (row: ExclusionLogRow) => boolean {
  const test = addressTest(filter.address, filter.channel, forms, 'filter.address');
  const tests: ((row: ExclusionLogRow) => boolean)[] = [
    (row) => matchesIds(filter, row),
    (row) => matchesAddress(test, row),
    oneOf(filter.scope, 'filter.scope', ({ scope }) => scope),
    oneOf(filter.channel, 'filter.channel', ({ channel }) => channel),
    oneOf(filter.reason, 'filter.reason', ({ reason }) => reason),
    between(filter.createdAt, 'filter.createdAt', ({ createdAt }) => createdAt),
  ];
  return (row) => tests.every((one) => one(row));
}

/**
 * `c` belongs to the run of its delivery that is shown. Where the delivery is known its run is looked up first, so that one index gives
 * both the rows and their order.
 */
export function currentRun(deliveryId?: bigint | null): Sql {
  return isSet(deliveryId)
    ? sql`c.run = (SELECT d.run FROM delivery d WHERE d.id = ${deliveryId})`
    : sql`EXISTS (SELECT FROM delivery d WHERE d.id = c.delivery_id AND d.run = c.run)`;
}

/**
 * `c` belongs to that delivery. As a range of one, together with `NEWEST_OF_DELIVERY`: for an equation the planner may take the newest rows of the
 * whole table to be spread over all deliveries, and walk through everything that is newer than an old delivery.
 */
export function ofDelivery(id: Sql): Sql {
  return sql`c.delivery_id BETWEEN ${id} AND ${id}`;
}

/** The order of the logs of one delivery: that of the index over delivery, run and id. */
export const NEWEST_OF_DELIVERY: PageOrder = { ...NEWEST_FIRST, within: [sql`c.delivery_id`, sql`c.run`] };

/** The order of a list of messages. */
export function deliveryLogOrder(database: Queryable, filter: DeliveryLogFilter): Promise<PageOrder> {
  return logOrder(database, { table: sql`delivery_log`, time: sql`c.updated_at` }, filter, filter.updatedAt);
}

/** The order of a list of exclusions. */
export function exclusionLogOrder(database: Queryable, filter: ExclusionLogFilter): Promise<PageOrder> {
  return logOrder(database, { table: sql`exclusion_log`, time: sql`c.created_at` }, filter, filter.createdAt);
}

async function logOrder(
  database: Queryable,
  timed: TimedTable,
  { deliveryId, profileId, address }: Ids & { readonly address?: TextFilter | null | undefined },
  range: InstantRange | null | undefined,
): Promise<PageOrder> {
  if (isSet(deliveryId)) return NEWEST_OF_DELIVERY;
  return isSet(profileId) || isSet(address?.eq) ? NEWEST_FIRST : timeWalk(database, timed, range);
}

interface Ids {
  readonly deliveryId?: bigint | null | undefined;
  readonly profileId?: bigint | null | undefined;
}

function idConditions({ deliveryId, profileId }: Ids): Sql[] {
  return [
    ...(isSet(deliveryId) ? [ofDelivery(sql`${deliveryId}::bigint`)] : []),
    ...(isSet(profileId) ? [sql`c.profile_id = ${profileId}`] : []),
  ];
}

function matchesIds({ deliveryId, profileId }: Ids, row: { deliveryId: bigint | null; profileId: bigint | null }): boolean {
  return (!isSet(deliveryId) || row.deliveryId === deliveryId) && (!isSet(profileId) || row.profileId === profileId);
}
