import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS, SETTING_KEYS } from '../../src/domain/settings/settings.ts';
import { recordDeliveryResults } from '../../src/operations/record-delivery-results.ts';
import type { Database } from '../../src/store/database.ts';
import { sql } from '../../src/store/database.ts';
import { aSecondPasses } from '../support/a-second-passes.ts';
import { API_DOOR, stateOf } from '../support/feedback-instance.ts';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { freshDatabase } from '../support/test-database.ts';
import { testInstance } from '../support/test-instance.ts';

// A database of its own: settings hold for everybody on it.
let database: Database;
let app: TestApp;

beforeAll(async () => {
  database = await freshDatabase();
  app = await openTestApp(database);
});
afterAll(async () => {
  await app.close();
  await database.close();
});

const UPDATE = `mutation ($input: UpdateSettingInput!) { updateSetting(input: $input) {
  __typename ... on Setting { key value defaultValue unit updatedAt updatedBy } ... on Error { message code } ... on InvalidInputError { field } } }`;

async function update(key: string, value: string) {
  const { data } = await app.graphql(UPDATE, { input: { key, value } });
  return data.updateSetting;
}

test('settings lists every setting with its default, unit and meaning', async () => {
  const { data } = await app.graphql('{ settings { key value defaultValue unit meaning updatedAt updatedBy } }');
  expect(data.settings.map(({ key }: { key: string }) => key)).toEqual(SETTING_KEYS);
  expect(data.settings).toContainEqual({
    key: 'validPurgeDelay',
    value: '0',
    defaultValue: '0',
    unit: 'd',
    meaning: 'The cleanup job deletes valid entries this long after they became valid; 0 = with its next run.',
    updatedAt: null,
    updatedBy: null,
  });
});

test('only administrators read and change them', async () => {
  const token = await app.token('quarantine:write', 'deliveries:write', 'rules:write');
  const read = await app.graphql('{ settings { key } }', {}, token);
  expect(read.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  const changed = await app.graphql(UPDATE, { input: { key: 'asyncWindow', value: '9' } }, token);
  expect(changed.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
});

test('a change is answered, kept and audited with what was before', async () => {
  expect(await update('mailboxFullReleaseAfterEmail', '45')).toEqual({
    __typename: 'Setting',
    key: 'mailboxFullReleaseAfterEmail',
    value: '45',
    defaultValue: '30',
    unit: 'd',
    updatedAt: app.clock.now().toISOString(),
    updatedBy: expect.any(String),
  });
  await update('mailboxFullReleaseAfterEmail', '30');
  const { data } = await app.graphql('{ auditLog(first: 1) { edges { node { action subject detail } } } }');
  expect(data.auditLog.edges[0].node).toEqual({
    action: 'setting.update',
    subject: 'Setting mailboxFullReleaseAfterEmail',
    detail: '{"from":45,"to":30}',
  });
});

test.each([
  ['cleanupTime', '03:30', '"03:30"'],
  ['cleanupTime', '"04:00"', '"04:00"'],
  ['unprovenReports', 'hold', '"hold"'],
  ['releaseMailboxFullQuarantineEmail', 'true', 'true'],
  ['quarantineOnFaults', '["RECIPIENT","INFRASTRUCTURE","UNDETERMINED"]', '["RECIPIENT","INFRASTRUCTURE","UNDETERMINED"]'],
  ['defaultPhoneRegion', 'FR', '"FR"'],
  ['defaultPhoneRegion', 'null', 'null'],
])('%s takes %s', async (key, value, stored) => {
  expect(await update(key, value)).toMatchObject({ __typename: 'Setting', value: stored });
});

describe('a value that a setting does not take is refused with what it takes', () => {
  const WHOLE_DAYS = 'a whole number of days from 1 to 3,650.';
  const WRONG: Record<(typeof SETTING_KEYS)[number], readonly [value: string, takes: string]> = {
    maxErrorsBeforeQuarantineEmail: ['0', 'a whole number from 1 to 1,000.'],
    maxErrorsBeforeQuarantineMobile: ['"5"', 'a whole number from 1 to 1,000.'],
    significantErrorGapEmail: ['-1', 'a whole number of seconds from 0 to 2,592,000 (30 days).'],
    significantErrorGapMobile: ['1 day', 'a whole number of seconds from 0 to 2,592,000 (30 days).'],
    counterResetAfterEmail: ['0', WHOLE_DAYS],
    counterResetAfterMobile: ['3651', WHOLE_DAYS],
    erroneousReleaseAfterEmail: ['null', WHOLE_DAYS],
    erroneousReleaseAfterMobile: ['1.5', WHOLE_DAYS],
    mailboxFullReleaseAfterEmail: ['', WHOLE_DAYS],
    mailboxFullReleaseAfterMobile: ['[30]', WHOLE_DAYS],
    releaseMailboxFullQuarantineEmail: ['yes', 'true or false.'],
    releaseMailboxFullQuarantineMobile: ['1', 'true or false.'],
    quarantineOnFaults: ['["NOBODY"]', 'a list of some of RECIPIENT, SENDER, CONTENT, INFRASTRUCTURE, UNDETERMINED.'],
    validPurgeDelay: ['-1', 'a whole number of days from 0 to 3,650.'],
    asyncWindow: ['1e9', WHOLE_DAYS],
    proofRequired: ['yes', 'true or false.'],
    unprovenReports: ['drop', 'hold or count.'],
    defaultPhoneRegion: ['fr', 'a two-letter country code in capitals, as FR.'],
    cleanupTime: ['24:00', 'a time of day as 04:00.'],
    deliverabilityTime: ['2:00', 'a time of day as 04:00.'],
    timeZone: ['Mars/Olympus', 'a time zone of the IANA list, as Europe/Berlin.'],
    deliveryValidity: ['0', WHOLE_DAYS],
    deliveryLogRetention: ['0', WHOLE_DAYS],
    inboundEventRetention: ['{}', WHOLE_DAYS],
    auditRetention: ['false', WHOLE_DAYS],
    alertRetention: ['0', WHOLE_DAYS],
    incidentRetention: ['3651', WHOLE_DAYS],
    incidentsEnabled: ['1', 'true or false.'],
    incidentWindow: ['599', 'a whole number of seconds from 600 (ten minutes) to 86,400 (one day).'],
    incidentBaselineDays: ['91', 'a whole number of days from 1 to 90.'],
    incidentMinimumMessages: ['9', 'a whole number from 10 to 1,000,000.'],
    incidentMinimumShare: ['0.5', 'a number of percent from 1 to 100.'],
    incidentFactor: ['1', 'a number from 1.1 to 1,000.'],
    incidentCloseAfter: ['3599', 'a whole number of seconds: 0, or from 3,600 (one hour) to 86,400 (one day).'],
    privacyConfirmation: ['0', WHOLE_DAYS],
    privacyFileRetention: ['0', WHOLE_DAYS],
    importQuarantineWarning: ['101', 'a number from 0 to 100.'],
  };

  test.each(Object.entries(WRONG))('%s: %j', async (key, [value, takes]) => {
    expect(await update(key, value)).toEqual({
      __typename: 'InvalidInputError',
      code: 'INVALID_INPUT',
      field: 'input.value',
      message: `The setting ${key} takes ${takes}`,
    });
    expect((await app.instance.settings())[key as 'asyncWindow']).toEqual(DEFAULT_SETTINGS[key as 'asyncWindow']);
  });

  test('a key that is none is not found, also that of a fact about the instance', async () => {
    for (const key of ['nonsense', 'instance.address_key', 'toString']) {
      expect(await update(key, '1')).toMatchObject({ __typename: 'NotFoundError', code: 'NOT_FOUND' });
    }
    expect(await database.query(sql`SELECT FROM setting WHERE key IN ('nonsense', 'toString')`)).toEqual([]);
  });
});

test('another node goes by a changed threshold within a second (R73)', async () => {
  const node = await testInstance(database, { node: 'another', now: () => new Date('2025-03-05T00:00:00Z') });
  const quarantined = async (name: string) => {
    const address = `${name}@threshold.example`;
    const soft = { channel: 'EMAIL', address, outcome: 'FAILED', text: '451 4.3.0 system resources low' } as const;
    const days = ['2025-03-01T08:00:00Z', '2025-03-02T08:00:00Z'];
    await recordDeliveryResults(
      node,
      days.map((at) => ({ ...soft, occurredAt: new Date(at) })),
      API_DOOR,
    );
    return stateOf(node, address);
  };
  expect(await quarantined('before')).toBe('ERRONEOUS 2');
  await update('maxErrorsBeforeQuarantineEmail', '2');
  aSecondPasses();
  expect(await quarantined('after')).toBe('QUARANTINE 2');
});
