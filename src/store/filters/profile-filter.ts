import { type AddressStatus, assertNever, type Channel } from '../../domain/vocabulary.ts';
import { type Sql, sql } from '../database.ts';
import { and } from '../page.ts';
import { type AddressForms, addressConditions, addressTest } from './address-test.ts';
import { enumConditions, isSet, type List, type TextFilter, textConditions } from './conditions.ts';

export interface ProfileFilter {
  readonly externalId?: TextFilter | null | undefined;
  readonly name?: TextFilter | null | undefined;
  readonly address?: TextFilter | null | undefined;
  readonly denylisted?: boolean | null | undefined;
  /** Narrows both `address` and `denylisted`; alone: has an address of it. */
  readonly channel?: Channel | null | undefined;
}

/** Condition on `c`, a profile. The name is the first, the last, or both with a space between. */
export function profileCondition(filter: ProfileFilter, forms: AddressForms): Sql {
  const both = sql`concat_ws(' ', c.first_name, c.last_name)`;
  return and([
    ...textConditions([sql`c.external_id`], filter.externalId, 'filter.externalId'),
    ...textConditions([sql`c.first_name`, sql`c.last_name`, both], filter.name, 'filter.name'),
    ...heldAddress(filter, forms),
    ...(isSet(filter.denylisted) ? [sql`${optedOut(filter.channel ?? null)} = ${filter.denylisted}`] : []),
  ]);
}

function heldAddress({ address, channel, denylisted }: ProfileFilter, forms: AddressForms): Sql[] {
  const channels = isSet(channel) ? [channel] : null;
  const test = addressTest(address, channels, forms, 'filter.address');
  if (!test && (!channels || isSet(denylisted))) return [];
  const conditions = [
    ...addressConditions(test, { address: sql`a.value`, key: sql`a.address_key`, channel: sql`a.channel` }),
    ...enumConditions(sql`a.channel`, channels, 'filter.channel'),
  ];
  return [sql`c.id IN (SELECT a.profile_id FROM address a WHERE ${and(conditions)})`];
}

function optedOut(channel: Channel | null): Sql {
  const all = sql`c.opted_out_all`;
  switch (channel) {
    case null:
      return sql`(${all} OR c.opted_out_email OR c.opted_out_sms OR c.opted_out_phone OR c.opted_out_direct_mail OR c.opted_out_fax OR c.opted_out_push)`;
    case 'EMAIL':
      return sql`(${all} OR c.opted_out_email)`;
    case 'SMS':
      return sql`(${all} OR c.opted_out_sms)`;
    case 'PHONE':
      return sql`(${all} OR c.opted_out_phone)`;
    case 'DIRECT_MAIL':
      return sql`(${all} OR c.opted_out_direct_mail)`;
    case 'FAX':
      return sql`(${all} OR c.opted_out_fax)`;
    case 'PUSH':
      return sql`(${all} OR c.opted_out_push)`;
    case 'OTHER':
      return all;
    default:
      return assertNever(channel);
  }
}

export interface AddressFilter {
  readonly value?: TextFilter | null | undefined;
  readonly channel?: List<Channel>;
  /** Of the entry for every short code. */
  readonly quarantineStatus?: List<AddressStatus>;
}

/** Condition on `c`, an address. */
export function addressCondition(filter: AddressFilter, forms: AddressForms): Sql {
  const test = addressTest(filter.value, filter.channel, forms, 'filter.value');
  const status = enumConditions(sql`q.status`, filter.quarantineStatus, 'filter.quarantineStatus');
  return and([
    ...addressConditions(test, { address: sql`c.value`, key: sql`c.address_key`, channel: sql`c.channel` }),
    ...enumConditions(sql`c.channel`, filter.channel, 'filter.channel'),
    ...status.map(
      (one) => sql`EXISTS (SELECT FROM quarantine_entry q WHERE q.address_key = c.address_key AND q.short_code = '' AND ${one})`,
    ),
  ]);
}
