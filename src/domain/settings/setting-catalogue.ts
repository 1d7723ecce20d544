/**
 * The settings of an instance (spec 2.7, amendments A3, A9, A11, A14): what an administrator may change through the API, each with its
 * default, its unit and what it means. `E-mail` settings govern EMAIL, DIRECT_MAIL and OTHER; `mobile` ones SMS, PHONE, FAX and PUSH.
 */
import { z } from 'zod';
import { isRegion } from '../address/phone-number.ts';
import { FAULTS, type Fault } from '../vocabulary.ts';

/** s = seconds, d = days of 86,400 seconds; null = a plain figure, a choice or a list. */
export type SettingUnit = 's' | 'd' | '%' | null;

export type SettingDefinition<T = unknown> = Readonly<{
  schema: z.ZodType<T>;
  default: T;
  unit: SettingUnit;
  meaning: string;
}>;

const FAULT_LIST = `a list of some of ${FAULTS.join(', ')}`;

/** Each schema says what it takes, in words that follow "The setting ... takes". */
const threshold = whole(1, 1000, 'a whole number from 1 to 1,000');
const gap = whole(0, 30 * 86_400, 'a whole number of seconds from 0 to 2,592,000 (30 days)');
const days = whole(1, 3650, 'a whole number of days from 1 to 3,650');
const daysOrNone = whole(0, 3650, 'a whole number of days from 0 to 3,650');
const timeOfDay = z.string('a time of day').regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day as 04:00');
const percent = z.number('a number from 0 to 100').min(0, 'a number from 0 to 100').max(100, 'a number from 0 to 100');
const region = z.string('a country code').refine(isRegion, 'a two-letter country code in capitals, as FR').nullable();
const timeZone = z.string('a time zone').refine(isTimeZone, 'a time zone of the IANA list, as Europe/Berlin');
const faults = z
  .array(z.enum(FAULTS, FAULT_LIST), FAULT_LIST)
  .refine((list) => new Set(list).size === list.length, 'a list that names each fault once');

const SHARE = 'a number of percent from 1 to 100';
const CLOSE_AFTER = 'a whole number of seconds: 0, or from 3,600 (one hour) to 86,400 (one day)';
const FACTOR = 'a number from 1.1 to 1,000';
const COUNTING_FAULTS: readonly Fault[] = ['RECIPIENT', 'INFRASTRUCTURE', 'UNDETERMINED'];

export const SETTING_CATALOGUE = {
  maxErrorsBeforeQuarantineEmail: define(threshold, 5, null, 'E-mail: number of counted soft errors at which an address is quarantined.'),
  maxErrorsBeforeQuarantineMobile: define(threshold, 5, null, 'Mobile: number of counted soft errors at which an address is quarantined.'),
  significantErrorGapEmail: define(gap, 86_400, 's', 'E-mail: a soft error counts only this long after the last counted one.'),
  significantErrorGapMobile: define(gap, 86_400, 's', 'Mobile: a soft error counts only this long after the last counted one.'),
  counterResetAfterEmail: define(days, 10, 'd', 'E-mail: the counter starts again when the last counted error is older than this.'),
  counterResetAfterMobile: define(days, 10, 'd', 'Mobile: the counter starts again when the last counted error is older than this.'),
  erroneousReleaseAfterEmail: define(days, 10, 'd', 'E-mail: an erroneous address is valid again when its last error is older than this.'),
  erroneousReleaseAfterMobile: define(days, 10, 'd', 'Mobile: an erroneous address is valid again when its last error is older than this.'),
  mailboxFullReleaseAfterEmail: define(
    days,
    30,
    'd',
    'E-mail: where the mailbox was full, this stands in place of the other two: of the release and of the reset of the counter.',
  ),
  mailboxFullReleaseAfterMobile: define(
    days,
    30,
    'd',
    'Mobile: where the mailbox was full, this stands in place of the other two: of the release and of the reset of the counter.',
  ),
  releaseMailboxFullQuarantineEmail: define(
    z.boolean('true or false'),
    true,
    null,
    'E-mail: release also addresses that full mailboxes have brought into quarantine. Off: only a person does.',
  ),
  releaseMailboxFullQuarantineMobile: define(
    z.boolean('true or false'),
    true,
    null,
    'Mobile: release also addresses that full mailboxes have brought into quarantine. Off: only a person does.',
  ),
  quarantineOnFaults: define<readonly Fault[]>(
    faults,
    COUNTING_FAULTS,
    null,
    'Whose faults count against an address. With SENDER and CONTENT added, a refusal of our server or of our text counts too.',
  ),
  validPurgeDelay: define(
    daysOrNone,
    0,
    'd',
    'The cleanup job deletes valid entries this long after they became valid; 0 = with its next run.',
  ),
  asyncWindow: define(days, 7, 'd', 'Reports that come later than this after sending are kept but change nothing.'),
  proofRequired: define(
    z.boolean('true or false'),
    false,
    null,
    'Raw messages need proof even from whoever holds a token: a hard failure or complaint counts only with our own token, or with a Message-ID that we sent to that recipient. For mailboxes that strangers can write to. Without effect while `unprovenReports` is "count".',
  ),
  unprovenReports: define(
    z.enum(['hold', 'count'], 'hold or count'),
    'hold',
    null,
    'What happens to failures and complaints that came by mail and cannot be tied to a message of ours: held for a person, or counted.',
  ),
  defaultPhoneRegion: define(
    region,
    null,
    null,
    'Country of phone numbers that are written the national way; none = such numbers are refused.',
  ),
  cleanupTime: define(timeOfDay, '04:00', null, 'When the cleanup job runs, in the time zone of the instance.'),
  deliverabilityTime: define(
    timeOfDay,
    '02:00',
    null,
    'When the job runs that makes rules of the texts marked KEEP, in the time zone of the instance.',
  ),
  timeZone: define(
    timeZone,
    'UTC',
    null,
    'The time zone of the instance: of the daily jobs, and of the months whose share of shut addresses is written down.',
  ),
  deliveryValidity: define(days, 5, 'd', 'How long a message of a delivery may be attempted, where the delivery says nothing.'),
  deliveryLogRetention: define(days, 180, 'd', 'Delivery logs and exclusion logs are deleted after this.'),
  inboundEventRetention: define(days, 180, 'd', 'Raw reports and messages that came in are deleted after this.'),
  auditRetention: define(days, 180, 'd', 'Lines of the audit trail are deleted after this.'),
  alertRetention: define(
    days,
    180,
    'd',
    'Alerts are deleted this long after they were acknowledged, unless their text is still unknown: it would raise its alert anew.',
  ),
  incidentRetention: define(
    days,
    180,
    'd',
    'Incidents are deleted this long after they were closed, with their ledger; those of which a release is kept stay with it.',
  ),
  incidentsEnabled: define(
    z.boolean('true or false'),
    true,
    null,
    'Open an incident where the share of one kind of failure at one receiving domain jumps. Off: none is opened; open ones stay until they are closed.',
  ),
  incidentWindow: define(
    whole(600, 86_400, 'a whole number of seconds from 600 (ten minutes) to 86,400 (one day)'),
    3_600,
    's',
    'Incidents: the results of this last time are compared with the past of their domain.',
  ),
  incidentBaselineDays: define(
    whole(1, 90, 'a whole number of days from 1 to 90'),
    30,
    'd',
    'Incidents: the past of a domain that the present is compared with. It should reach back to the last large delivery.',
  ),
  incidentMinimumMessages: define(
    whole(10, 1_000_000, 'a whole number from 10 to 1,000,000'),
    100,
    null,
    'Incidents: with fewer results than this, in the window or in the past, nothing is said of a domain.',
  ),
  incidentMinimumShare: define(
    z.number(SHARE).min(1, SHARE).max(100, SHARE),
    20,
    '%',
    'Incidents: a kind of failure with a smaller share of the results opens none, however small its share was before.',
  ),
  incidentFactor: define(
    z.number(FACTOR).min(1.1, FACTOR).max(1_000, FACTOR),
    3,
    null,
    'Incidents: the share must be at least so many times that of the past.',
  ),
  incidentCloseAfter: define(
    z.int(CLOSE_AFTER).refine((value) => value === 0 || (value >= 3_600 && value <= 86_400), CLOSE_AFTER),
    86_400,
    's',
    'Incidents: one closes by itself, and releases nothing, when the share has been back to normal for this long; 0 = never.',
  ),
  privacyConfirmation: define(days, 15, 'd', 'An erasure that nobody confirms within this lapses and erases nothing.'),
  privacyFileRetention: define(
    days,
    90,
    'd',
    'The file of an access request is deleted after this; then the request no longer names the address.',
  ),
  importQuarantineWarning: define(percent, 10, '%', 'Warn when more than this share of an import is in quarantine already.'),
} as const;

export type SettingKey = keyof typeof SETTING_CATALOGUE;

function define<T>(schema: z.ZodType<T>, initial: T, unit: SettingUnit, meaning: string): SettingDefinition<T> {
  return { schema, default: initial, unit, meaning };
}

function whole(min: number, max: number, takes: string) {
  return z.int(takes).min(min, takes).max(max, takes);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}
