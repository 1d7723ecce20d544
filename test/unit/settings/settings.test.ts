import { describe, expect, it } from 'vitest';
import {
  DEFAULT_SETTINGS,
  parseSetting,
  parseSettingText,
  quarantinePolicy,
  SETTING_KEYS,
  settingDefinition,
  settingsFrom,
} from '../../../src/domain/settings/settings.ts';
import { CHANNELS, FAULTS } from '../../../src/domain/vocabulary.ts';

const DAY_MS = 86_400_000;

describe('the settings', () => {
  it('have the defaults of the specification (2.7, A3, A11)', () => {
    expect(DEFAULT_SETTINGS).toMatchObject({
      maxErrorsBeforeQuarantineEmail: 5,
      maxErrorsBeforeQuarantineMobile: 5,
      significantErrorGapEmail: 86_400,
      significantErrorGapMobile: 86_400,
      counterResetAfterEmail: 10,
      erroneousReleaseAfterEmail: 10,
      mailboxFullReleaseAfterEmail: 30,
      releaseMailboxFullQuarantineEmail: true,
      quarantineOnFaults: ['RECIPIENT', 'INFRASTRUCTURE', 'UNDETERMINED'],
      validPurgeDelay: 0,
      asyncWindow: 7,
      unprovenReports: 'hold',
      defaultPhoneRegion: null,
      cleanupTime: '04:00',
      deliverabilityTime: '02:00',
      deliveryValidity: 5,
      deliveryLogRetention: 180,
      auditRetention: 180,
    });
  });

  it.each(SETTING_KEYS)('%s takes its own default and says what it means', (key) => {
    expect(parseSetting(key, DEFAULT_SETTINGS[key])).toEqual({ ok: true, key, value: DEFAULT_SETTINGS[key] });
    expect(settingDefinition(key).meaning).toMatch(/\.$/);
  });

  it.each([
    ['maxErrorsBeforeQuarantineEmail', 1],
    ['significantErrorGapMobile', 0],
    ['quarantineOnFaults', [...FAULTS]],
    ['quarantineOnFaults', []],
    ['unprovenReports', 'count'],
    ['defaultPhoneRegion', 'FR'],
    ['defaultPhoneRegion', null],
    ['cleanupTime', '23:59'],
    ['timeZone', 'America/New_York'],
    ['validPurgeDelay', 2],
  ])('%s takes %j', (key, value) => {
    expect(parseSetting(key, value)).toEqual({ ok: true, key, value });
  });

  it.each([
    ['maxErrorsBeforeQuarantineEmail', 0, 'The setting maxErrorsBeforeQuarantineEmail takes a whole number from 1 to 1,000.'],
    ['maxErrorsBeforeQuarantineEmail', 1.5, 'The setting maxErrorsBeforeQuarantineEmail takes a whole number from 1 to 1,000.'],
    ['maxErrorsBeforeQuarantineEmail', '5', 'The setting maxErrorsBeforeQuarantineEmail takes a whole number from 1 to 1,000.'],
    ['significantErrorGapEmail', -1, 'The setting significantErrorGapEmail takes a whole number of seconds from 0 to 2,592,000 (30 days).'],
    ['quarantineOnFaults', ['RECIPIENT', 'RECIPIENT'], 'The setting quarantineOnFaults takes a list that names each fault once.'],
    [
      'quarantineOnFaults',
      ['NOBODY'],
      'The setting quarantineOnFaults takes a list of some of RECIPIENT, SENDER, CONTENT, INFRASTRUCTURE, UNDETERMINED.',
    ],
    ['unprovenReports', 'drop', 'The setting unprovenReports takes hold or count.'],
    ['defaultPhoneRegion', 'fr', 'The setting defaultPhoneRegion takes a two-letter country code in capitals, as FR.'],
    ['cleanupTime', '4:00', 'The setting cleanupTime takes a time of day as 04:00.'],
    ['cleanupTime', '24:00', 'The setting cleanupTime takes a time of day as 04:00.'],
    ['timeZone', 'Mars/Olympus', 'The setting timeZone takes a time zone of the IANA list, as Europe/Berlin.'],
    ['releaseMailboxFullQuarantineEmail', 'yes', 'The setting releaseMailboxFullQuarantineEmail takes true or false.'],
    ['nonsense', 1, 'There is no setting "nonsense".'],
    ['toString', 1, 'There is no setting "toString".'],
  ])('%s refuses %j', (key, value, message) => {
    expect(parseSetting(key, value)).toEqual({ ok: false, message });
  });

  it('can be written as text', () => {
    expect(parseSettingText('maxErrorsBeforeQuarantineEmail', '6')).toMatchObject({ ok: true, value: 6 });
    expect(parseSettingText('cleanupTime', '03:30')).toMatchObject({ ok: true, value: '03:30' });
    expect(parseSettingText('unprovenReports', 'count')).toMatchObject({ ok: true, value: 'count' });
    expect(parseSettingText('quarantineOnFaults', '["RECIPIENT"]')).toMatchObject({ ok: true, value: ['RECIPIENT'] });
    expect(parseSettingText('defaultPhoneRegion', 'null')).toMatchObject({ ok: true, value: null });
  });
});

describe('the stored settings', () => {
  it('stand over the defaults; other keys of the table are left aside', () => {
    const settings = settingsFrom([
      { key: 'asyncWindow', value: 3 },
      { key: 'instance.keyFingerprint', value: 'abc' },
    ]);
    expect(settings).toEqual({ ...DEFAULT_SETTINGS, asyncWindow: 3 });
  });

  it('that cannot be used are a fault, not a default', () => {
    expect(() => settingsFrom([{ key: 'asyncWindow', value: 'seven' }])).toThrow('asyncWindow');
  });
});

describe('the policy of a channel', () => {
  it('is that of the vendor on every channel while nobody has changed anything', () => {
    for (const channel of CHANNELS) {
      expect(quarantinePolicy(DEFAULT_SETTINGS, channel)).toEqual({
        threshold: 5,
        significantGapMs: DAY_MS,
        counterResetMs: 10 * DAY_MS,
        mailboxFullResetMs: 30 * DAY_MS,
        erroneousReleaseMs: 10 * DAY_MS,
        mailboxFullReleaseMs: 30 * DAY_MS,
        releaseMailboxFullQuarantine: true,
        quarantineOnFaults: ['RECIPIENT', 'INFRASTRUCTURE', 'UNDETERMINED'],
      });
    }
  });

  it('follows the mobile figures on mobile channels and the e-mail figures on the others', () => {
    const settings = settingsFrom([
      { key: 'maxErrorsBeforeQuarantineMobile', value: 2 },
      { key: 'counterResetAfterMobile', value: 3 },
      { key: 'mailboxFullReleaseAfterEmail', value: 60 },
      { key: 'releaseMailboxFullQuarantineEmail', value: false },
    ]);
    const thresholds = CHANNELS.map((channel) => [channel, quarantinePolicy(settings, channel).threshold]);
    expect(Object.fromEntries(thresholds)).toEqual({ EMAIL: 5, SMS: 2, PHONE: 2, DIRECT_MAIL: 5, FAX: 2, PUSH: 2, OTHER: 5 });
    expect(quarantinePolicy(settings, 'SMS')).toMatchObject({ counterResetMs: 3 * DAY_MS, mailboxFullReleaseMs: 30 * DAY_MS });
    expect(quarantinePolicy(settings, 'EMAIL')).toMatchObject({ mailboxFullResetMs: 60 * DAY_MS, releaseMailboxFullQuarantine: false });
  });
});
