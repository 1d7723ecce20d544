import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  ADDRESS_STATUSES,
  type AddressStatus,
  type Channel,
  FAILURE_REASONS,
  FAULTS,
  MESSAGE_STATUSES,
} from '../../src/domain/vocabulary.ts';
import type { AddressBook, Instance } from '../../src/operations/instance.ts';
import { rows, sql } from '../../src/store/database.ts';
import {
  type DeliveryLogFilter,
  type DeliveryLogRow,
  deliveryLogCondition,
  deliveryLogMatcher,
} from '../../src/store/filters/log-filters.ts';
import {
  type QuarantineFilter,
  type QuarantineRow,
  quarantineCondition,
  quarantineMatcher,
} from '../../src/store/filters/quarantine-filter.ts';
import { aDelivery, feedbackInstance } from '../support/feedback-instance.ts';
import { freshWord } from '../support/fresh.ts';

const CHANNELS = ['EMAIL', 'PUSH', 'SMS'] as const satisfies readonly Channel[];
const STATUSES = ADDRESS_STATUSES.slice(1, 5);
const REASONS = FAILURE_REASONS.slice(1, 4);
const TEXTS = ['', 'a', 'A', '_', '%', '\\', 'a_b', 'a%b', 'A\\b', 'ab', 'ünï'];
const DAYS = [1, 2, 3, 4].map((day) => new Date(Date.UTC(2026, 0, day)));
/** Marks the rows of this file. */
const MARK = freshWord();

const oneOf = <T>(values: readonly T[]) => fc.constantFrom(...values);
const someOf = <T>(values: readonly T[]) => fc.option(fc.subarray([...values], { minLength: 1 }), { nil: undefined });
const text = fc.option(
  fc.record({ contains: oneOf(TEXTS), startsWith: oneOf(['', MARK, `${MARK}A`, MARK.toUpperCase()]) }, { requiredKeys: [] }),
  { nil: undefined },
);
const range = fc.option(
  fc.tuple(oneOf(DAYS), oneOf(DAYS)).map(([a, b]) => (a <= b ? { from: a, to: b } : { from: b })),
  { nil: undefined },
);

let instance: Instance;
let book: AddressBook;

beforeAll(async () => {
  instance = await feedbackInstance();
  book = await instance.addressBook();
});

/** Addresses with all that a pattern may trip over. */
function addresses() {
  return CHANNELS.flatMap((channel) =>
    ['_x', 'x', '%y', 'A_b', 'a%B', 'a\\b', 'ünï'].map((rest, index) => {
      const address = addressOf(channel, rest, index);
      return { channel, address, addressKey: book.key(channel, address) };
    }),
  );
}

function addressOf(channel: Channel, rest: string, index: number): string {
  if (channel === 'EMAIL') return `${MARK}${rest.toLowerCase().replace('\\', '-')}@a.example`;
  return channel === 'PUSH' ? `${MARK}${rest}` : `+3369900000${index}`;
}

const pick = <T>(values: readonly T[], index: number): T => values[index % values.length] as T;

describe('a filter finds the same rows in the database and in memory', () => {
  it('of the quarantine list', async () => {
    const entries: QuarantineRow[] = addresses().map((address, index) => ({
      ...address,
      status: pick<AddressStatus>(STATUSES, index),
      reason: pick([...REASONS, null], index),
      domain: address.channel === 'EMAIL' ? 'a.example' : null,
      errorText: pick([...TEXTS, null], index),
      statusUpdatedAt: pick(DAYS, index),
      lastErrorAt: pick([...DAYS, null], index),
    }));
    await instance.database.execute(sql`
      INSERT INTO quarantine_entry (channel, address, address_key, domain, status, reason, error_text, status_updated_at, last_error_at, source)
      SELECT r.channel, r.address, r."addressKey", r.domain, r.status, r.reason, r."errorText", r."statusUpdatedAt", r."lastErrorAt", 'MANUAL'
      FROM jsonb_to_recordset(${rows(entries)}::jsonb) AS r(channel "Channel", address text, "addressKey" uuid, domain text,
        status "AddressStatus", reason "FailureReason", "errorText" text, "statusUpdatedAt" timestamptz, "lastErrorAt" timestamptz)`);
    const keys = entries.map(({ addressKey }) => addressKey);
    const eq = fc.option(
      oneOf(entries).map(({ address }) => ({ eq: address.toUpperCase() })),
      { nil: undefined },
    );
    const filters: fc.Arbitrary<QuarantineFilter> = fc.record({
      address: fc.oneof(text, text, eq),
      channel: someOf(CHANNELS),
      status: someOf(STATUSES),
      reason: someOf(REASONS),
      domain: someOf(['A.example', 'b.example']),
      errorTextContains: someOf(['a', '_', '%', '\\']),
      statusUpdatedAt: range,
      lastErrorAt: range,
    });
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        const found = await instance.database.query<{ address: string }>(sql`
          SELECT c.address FROM quarantine_entry c WHERE c.address_key = ANY(${keys}::uuid[]) AND ${quarantineCondition(filter, book)}`);
        const matches = quarantineMatcher(filter, book);
        const expected = entries.filter(matches).map(({ address }) => address);
        expect(found.map(({ address }) => address).sort()).toEqual(expected.sort());
      }),
      { numRuns: 150 },
    );
  });

  it('of the delivery logs', async () => {
    const recipients = addresses().filter(({ channel }) => channel === 'EMAIL');
    const { id: deliveryId } = await aDelivery(instance, recipients);
    const logs: DeliveryLogRow[] = recipients.map((address, index) => ({
      ...address,
      deliveryId,
      profileId: null,
      domain: 'a.example',
      status: pick(MESSAGE_STATUSES, index),
      fault: pick([...FAULTS, null], index),
      failureType: pick(['HARD', 'SOFT', null] as const, index),
      failureReason: pick([...REASONS, null], index),
      updatedAt: pick(DAYS, index),
    }));
    await instance.database.execute(sql`
      UPDATE delivery_log l SET domain = r.domain, status = r.status, fault = r.fault, failure_type = r."failureType",
        failure_reason = r."failureReason", updated_at = r."updatedAt"
      FROM jsonb_to_recordset(${rows(logs)}::jsonb) AS r("addressKey" uuid, domain text, status "MessageStatus", fault "Fault",
        "failureType" "FailureType", "failureReason" "FailureReason", "updatedAt" timestamptz)
      WHERE l.delivery_id = ${deliveryId} AND l.address_key = r."addressKey"`);
    const filters: fc.Arbitrary<DeliveryLogFilter> = fc.record({
      deliveryId: oneOf([deliveryId, deliveryId, deliveryId + 1n, undefined]),
      profileId: oneOf([undefined, null, undefined, 1n]),
      address: text,
      channel: someOf(CHANNELS),
      domain: someOf(['a.example', 'b.example']),
      status: someOf(MESSAGE_STATUSES.slice(0, 4)),
      fault: someOf(FAULTS),
      failureType: someOf(['HARD', 'SOFT'] as const),
      failureReason: someOf(REASONS),
      updatedAt: range,
    });
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        const found = await instance.database.query<{ address: string }>(sql`
          SELECT c.address FROM delivery_log c WHERE c.delivery_id = ${deliveryId} AND ${deliveryLogCondition(filter, book)}`);
        const expected = logs.filter(deliveryLogMatcher(filter, book)).map(({ address }) => address);
        expect(found.map(({ address }) => address).sort()).toEqual(expected.sort());
      }),
      { numRuns: 150 },
    );
  });
});
