import { canonicalDomain } from '../../domain/address/email-address.ts';
import type { AddressStatus, Channel, FailureReason } from '../../domain/vocabulary.ts';
import { type Queryable, type Sql, sql } from '../database.ts';
import { and, NEWEST_FIRST, type PageOrder } from '../page.ts';
import { type AddressForms, addressConditions, addressTest, matchesAddress } from './address-test.ts';
import {
  checkedList,
  checkedRange,
  checkedText,
  enumConditions,
  type InstantRange,
  isSet,
  type List,
  listConditions,
  literal,
  rangeConditions,
  type TextFilter,
} from './conditions.ts';
import { timeWalk } from './time-walk.ts';

export interface QuarantineFilter {
  readonly address?: TextFilter | null | undefined;
  readonly channel?: List<Channel>;
  readonly status?: List<AddressStatus>;
  readonly reason?: List<FailureReason>;
  readonly domain?: List<string>;
  /** Every one must be contained in the raw error text. */
  readonly errorTextContains?: List<string>;
  readonly statusUpdatedAt?: InstantRange | null | undefined;
  readonly lastErrorAt?: InstantRange | null | undefined;
}

/** Condition on `c`, a quarantine entry. */
export function quarantineCondition(filter: QuarantineFilter, forms: AddressForms): Sql {
  const test = addressTest(filter.address, filter.channel, forms, 'filter.address');
  const texts = checkedList(filter.errorTextContains, 'filter.errorTextContains') ?? [];
  return and([
    ...addressConditions(test, { address: sql`c.address`, key: sql`c.address_key`, channel: sql`c.channel` }),
    ...enumConditions(sql`c.channel`, filter.channel, 'filter.channel'),
    ...enumConditions(sql`c.status`, filter.status, 'filter.status'),
    ...enumConditions(sql`c.reason`, filter.reason, 'filter.reason'),
    ...listConditions(sql`c.domain`, domainList(filter.domain), 'filter.domain'),
    ...texts.map((text) => sql`c.error_text LIKE ${`%${literal(checkedText(text, 'filter.errorTextContains'))}%`}`),
    ...rangeConditions(sql`c.status_updated_at`, filter.statusUpdatedAt, 'filter.statusUpdatedAt'),
    ...lastErrorConditions(filter.lastErrorAt),
  ]);
}

/** The order of the list by id. */
export async function quarantineOrder(
  database: Queryable,
  { address, statusUpdatedAt, lastErrorAt }: QuarantineFilter,
): Promise<PageOrder> {
  if (isSet(address?.eq)) return NEWEST_FIRST;
  const table = sql`quarantine_entry`;
  const order = await timeWalk(database, { table, time: sql`c.status_updated_at` }, statusUpdatedAt);
  return order.sorted ? order : timeWalk(database, { table, time: LAST_ERROR }, lastErrorAt);
}

/** What the index is made of: an entry without an error counts as older than all others. */
const LAST_ERROR = sql`COALESCE(c.last_error_at, '-infinity'::timestamptz)`;

/** An entry without an error lies in no range. */
function lastErrorConditions(range: InstantRange | null | undefined): Sql[] {
  const conditions = rangeConditions(LAST_ERROR, range, 'filter.lastErrorAt');
  return conditions.length === 0 || range?.from ? conditions : [sql`c.last_error_at IS NOT NULL`, ...conditions];
}

/** What of an entry a filter looks at. */
export interface QuarantineRow {
  readonly address: string;
  readonly addressKey: string;
  readonly channel: Channel;
  readonly status: AddressStatus | null;
  readonly reason: FailureReason | null;
  readonly domain: string | null;
  readonly errorText: string | null;
  readonly statusUpdatedAt: Date;
  readonly lastErrorAt: Date | null;
}

/** The same filter for rows in memory, worked out once. */
export function quarantineMatcher(filter: QuarantineFilter, forms: AddressForms): (row: QuarantineRow) => boolean {
  const test = addressTest(filter.address, filter.channel, forms, 'filter.address');
  const texts = checkedList(filter.errorTextContains, 'filter.errorTextContains') ?? [];
  const tests: ((row: QuarantineRow) => boolean)[] = [
    (row) => matchesAddress(test, row),
    oneOf(filter.channel, 'filter.channel', ({ channel }) => channel),
    oneOf(filter.status, 'filter.status', ({ status }) => status),
    oneOf(filter.reason, 'filter.reason', ({ reason }) => reason),
    oneOf(domainList(filter.domain), 'filter.domain', ({ domain }) => domain),
    ({ errorText }) => texts.every((text) => errorText?.includes(text) ?? false),
    between(filter.statusUpdatedAt, 'filter.statusUpdatedAt', ({ statusUpdatedAt }) => statusUpdatedAt),
    between(filter.lastErrorAt, 'filter.lastErrorAt', ({ lastErrorAt }) => lastErrorAt),
  ];
  return (row) => tests.every((one) => one(row));
}

/** Domains in the form in which they are kept. */
export function domainList(domains: List<string>): List<string> {
  return domains?.map(canonicalDomain);
}

export function oneOf<Row>(values: List<string>, field: string, read: (row: Row) => string | null): (row: Row) => boolean {
  const list = checkedList(values, field);
  const set = list && new Set(list);
  return (row) => {
    const value = read(row);
    return set === null || (value !== null && set.has(value));
  };
}

export function between<Row>(
  range: InstantRange | null | undefined,
  field: string,
  read: (row: Row) => Date | null,
): (row: Row) => boolean {
  const { from, to } = checkedRange(range, field);
  return (row) => {
    const value = read(row);
    if (!from && !to) return true;
    return value !== null && (!from || value >= from) && (!to || value <= to);
  };
}
