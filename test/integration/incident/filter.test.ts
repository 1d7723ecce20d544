import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/domain/errors.ts';
import { type Database, rows, sql } from '../../../src/store/database.ts';
import { type IncidentRow, incidentCondition, incidentMatcher } from '../../../src/store/filters/incident-filter.ts';
import { freshDatabase } from '../../support/test-database.ts';

const STATES = ['OPEN', 'CLOSED'] as const;
const CHANNELS = ['EMAIL', 'SMS'] as const;
const DOMAINS = ['a.example', 'b.example'] as const;
const REASONS = ['USER_UNKNOWN', 'MAILBOX_FULL', 'REFUSED'] as const;
const ALL: readonly IncidentRow[] = STATES.flatMap((state) =>
  CHANNELS.flatMap((channel) => DOMAINS.flatMap((domain) => REASONS.map((reason) => ({ state, channel, domain, reason })))),
);

let database: Database;
beforeAll(async () => {
  database = await freshDatabase();
  await database.execute(sql`
    INSERT INTO incident (channel, domain, reason, state, opened_at, closed_at, closed_by, hits_from, baseline_messages, baseline_share, opening_messages,
      opening_share, current_messages, current_share, refreshed_at)
    SELECT r.channel, r.domain, r.reason, r.state, now(), CASE r.state WHEN 'CLOSED' THEN now() END, CASE r.state WHEN 'CLOSED' THEN 'test' END, now(),
      0, 0, 0, 0, 0, 0, now()
    FROM jsonb_to_recordset(${rows(ALL)}::jsonb) AS r(channel "Channel", domain text, reason "FailureReason", state "IncidentState")`);
});
afterAll(() => database.close());

const nameOf = ({ state, channel, domain, reason }: IncidentRow) => `${state} ${channel} ${domain} ${reason}`;
const someOf = <T>(values: readonly T[]) => fc.option(fc.subarray([...values], { minLength: 1 }), { nil: undefined });

test('a filter of incidents finds in SQL what it matches in memory', async () => {
  const filters = fc.record({
    state: someOf(STATES),
    channel: someOf(CHANNELS),
    domain: someOf(['A.example ', 'b.example', 'c.example']),
    reason: someOf(REASONS),
  });
  await fc.assert(
    fc.asyncProperty(filters, async (filter) => {
      const found = await database.query<IncidentRow>(
        sql`SELECT c.state, c.channel, c.domain, c.reason FROM incident c WHERE ${incidentCondition(filter)}`,
      );
      const matches = incidentMatcher(filter);
      expect(found.map(nameOf).sort()).toEqual(
        ALL.filter((row) => matches(row))
          .map(nameOf)
          .sort(),
      );
    }),
    { numRuns: 60 },
  );
});

test('an empty list is refused by both', () => {
  expect(() => incidentCondition({ domain: [] })).toThrow(InvalidInputError);
  expect(() => incidentMatcher({ domain: [] })).toThrow(InvalidInputError);
});
