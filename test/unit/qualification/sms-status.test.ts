import { describe, expect, it } from 'vitest';
import { normalizeText } from '../../../src/domain/qualification/normalize-text.ts';
import { qualify } from '../../../src/domain/qualification/qualify.ts';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';
import { readSmsReceipt, smsOutcome, smsReportText } from '../../../src/domain/qualification/sms-status.ts';

const book = defaultRuleBook();

describe('reading a status report', () => {
  it.each([
    ['id:42 sub:001 dlvrd:001 submit date:2405011200 done date:240501120145 stat:UNDELIV err:034 text:Hi', '42', 'UNDELIV', '034'],
    ['sub:001 id:a3f0-77 done date:20240501120145 stat:REJECTD submit date:2405011200 err:1b text:', 'a3f0-77', 'REJECTD', '1b'],
    ['stat:EXPIRED done date:2405011200', null, 'EXPIRED', null],
    ['id:9 stat:undeliv err:000 text:id:1 stat:DELIVRD err:999', '9', 'UNDELIV', '000'],
    ['id=9;stat=FAILED;err=7;txt=stat=DELIVRD', '9', 'FAILED', '7'],
    ['no report at all', null, null, null],
  ])('%s', (report, messageId, stat, err) => {
    expect(readSmsReceipt(report)).toEqual({ messageId, stat, err });
  });

  it.each([
    ['DELIVRD', 'RECEIVED'],
    ['DELIVERED', 'RECEIVED'],
    ['delivrd', 'RECEIVED'],
    ['UNDELIV', 'FAILED'],
    ['EXPIRED', 'FAILED'],
    ['REJECTD', 'FAILED'],
    ['DND_REJECTED', 'FAILED'],
    ['FAILED', 'FAILED'],
    ['ENROUTE', 'INTERMEDIATE'],
    ['ACCEPTD', 'INTERMEDIATE'],
    ['SOMETHING', 'INTERMEDIATE'],
    [null, 'INTERMEDIATE'],
  ] as const)('the state %s is %s', (stat, outcome) => {
    expect(smsOutcome(stat)).toBe(outcome);
  });
});

describe('qualifying a status report', () => {
  const verdictOf = (report: string) =>
    qualify({ channel: 'SMS', origin: 'STATUS_REPORT', text: smsReportText('Generic', readSmsReceipt(report), report) }, book).verdict;

  it.each([
    ['id:1 stat:UNDELIV err:034 text:Hi', 'SOFT', 'UNREACHABLE'],
    ['id:1 stat:FAILED err:001 text:Hi', 'SOFT', 'UNREACHABLE'],
    ['id:1 stat:EXPIRED err:000 text:Hi', 'IGNORED', 'NOT_CONNECTED'],
    ['id:1 stat:REJECTD err:008 text:Hi', 'SOFT', 'REFUSED'],
    ['id:1 stat:DND_REJECTED err:008 text:Hi', 'SOFT', 'REFUSED'],
    ['id:1 stat:UNDELIV err:000 text:Your parcel was REJECTED and EXPIRED', 'SOFT', 'UNREACHABLE'],
  ])('%s is %s %s', (report, type, reason) => {
    expect(verdictOf(report)).toMatchObject({ type, reason });
  });

  it('one row stands for all reports of one provider, state and number', () => {
    const text = smsReportText('My Provider', { messageId: '1', stat: 'UNDELIV', err: '042' }, 'id:1 stat:UNDELIV err:042');
    expect(normalizeText(text)).toBe('SR My_Provider UNDELIV 042|#MESSAGE#');
  });

  it.each([
    ['SR receive error: bad packet', 'SOFT', 'UNREACHABLE'],
    ['Invalid MT ack', 'SOFT', 'UNREACHABLE'],
    ['MT send error', 'SOFT', 'UNREACHABLE'],
    ['Unknown subscriber', 'HARD', 'USER_UNKNOWN'],
    ['SIM card full on handset', 'SOFT', 'MAILBOX_FULL'],
    ['Customer barred from receiving SMS', 'SOFT', 'REFUSED'],
  ])('the connector says %s: %s %s', (text, type, reason) => {
    expect(qualify({ channel: 'SMS', origin: 'STATUS_REPORT', text }, book).verdict).toMatchObject({ type, reason });
  });

  it('words of e-mail mean nothing for an SMS', () => {
    expect(qualify({ channel: 'SMS', origin: 'STATUS_REPORT', text: 'user unknown' }, book).verdict.decidedBy).toBe('fallback');
  });
});

describe('qualifying answers of push services', () => {
  it.each([
    ['410 {"reason":"Unregistered"}', 'HARD', 'USER_UNKNOWN'],
    ['NotRegistered', 'HARD', 'USER_UNKNOWN'],
    ['SENDER_ID_MISMATCH', 'SOFT', 'USER_UNKNOWN'],
    ['INVALID_ARGUMENT', 'IGNORED', 'UNDEFINED'],
    ['THIRD_PARTY_AUTH_ERROR', 'IGNORED', 'REFUSED'],
    ['UNAVAILABLE', 'IGNORED', 'REFUSED'],
    ['unauthorized_client', 'IGNORED', 'REFUSED'],
    ['PayloadTooLarge', 'SOFT', 'REFUSED'],
    ['APNs: connection lost', 'UNDEFINED', 'UNREACHABLE'],
    ['FCM: connection lost', 'SOFT', 'UNREACHABLE'],
    ['BadCertificate', 'SOFT', 'REFUSED'],
    ['QUOTA_EXCEEDED', 'SOFT', 'REFUSED'],
  ])('%s is %s %s', (text, type, reason) => {
    expect(qualify({ channel: 'PUSH', origin: 'API', text }, book).verdict).toMatchObject({ type, reason });
  });
});
