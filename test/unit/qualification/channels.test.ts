import { describe, expect, it } from 'vitest';
import { normalizeText } from '../../../src/domain/qualification/normalize-text.ts';
import { qualify } from '../../../src/domain/qualification/qualify.ts';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';

const book = defaultRuleBook();

describe('qualifying a status report', () => {
  const verdictOf = (text: string) => qualify({ channel: 'SMS', origin: 'STATUS_REPORT', text }, book).verdict;

  it.each([
    ['SR Generic UNDELIV 034|id:1 text:Hi', 'SOFT', 'UNREACHABLE'],
    ['SR Generic FAILED 001|id:1 text:Hi', 'SOFT', 'UNREACHABLE'],
    ['SR Generic EXPIRED 000|id:1 text:Hi', 'IGNORED', 'NOT_CONNECTED'],
    ['SR Generic REJECTD 008|id:1 text:Hi', 'SOFT', 'REFUSED'],
    ['SR Generic DND_REJECTED 008|id:1 text:Hi', 'SOFT', 'REFUSED'],
    ['SR Generic UNDELIV 000|id:1 text:Your parcel was REJECTED and EXPIRED', 'SOFT', 'UNREACHABLE'],
  ])('%s is %s %s', (report, type, reason) => {
    expect(verdictOf(report)).toMatchObject({ type, reason });
  });

  it('one row stands for all reports of one provider, state and number', () => {
    expect(normalizeText('SR Generic UNDELIV 042|id:1 stat:UNDELIV')).toBe(
      normalizeText('SR Generic UNDELIV 042|id:2 done date:2405011200'),
    );
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

  it.each([
    ['ESME_RTHROTTLED', 'SOFT', 'UNREACHABLE', 'SENDER'],
    ['submit_sm_resp: user queue full', 'SOFT', 'UNREACHABLE', 'SENDER'],
    ['30022 Rate limits exceeded', 'SOFT', 'UNREACHABLE', 'SENDER'],
    ['Gateway quota exceeded', 'SOFT', 'UNREACHABLE', 'SENDER'],
    ['ESME_RINVDSTADR', 'HARD', 'USER_UNKNOWN', 'RECIPIENT'],
    ['ESME_RINVSRCADR', 'SOFT', 'REFUSED', 'SENDER'],
    ['ESME_RX_T_APPN', 'SOFT', 'UNREACHABLE', 'INFRASTRUCTURE'],
    ['Message too long', 'SOFT', 'REFUSED', 'CONTENT'],
    ['30003 Unreachable destination handset', 'IGNORED', 'NOT_CONNECTED', 'RECIPIENT'],
    ['30005 Unknown destination handset', 'HARD', 'USER_UNKNOWN', 'RECIPIENT'],
    ['30006 Landline or unreachable carrier', 'SOFT', 'UNREACHABLE', 'INFRASTRUCTURE'],
    ['30007 Carrier violation', 'SOFT', 'REFUSED', 'SENDER'],
    ['Partner account barred', 'SOFT', 'REFUSED', 'SENDER'],
    ['Delivery failure: absent subscriber', 'IGNORED', 'NOT_CONNECTED', 'RECIPIENT'],
    ['The message could not be delivered in time: validity period over', 'IGNORED', 'NOT_CONNECTED', 'RECIPIENT'],
  ])('a provider says %s: %s %s, fault %s', (text, type, reason, fault) => {
    expect(verdictOf(text)).toMatchObject({ type, reason, fault });
  });

  it('a number decides only as an error code or under the name of the provider that defines it', () => {
    expect(verdictOf('SR Twilio undelivered 30005|id:1')).toMatchObject({ type: 'HARD', reason: 'USER_UNKNOWN' });
    expect(verdictOf('Error code: 30005')).toMatchObject({ type: 'HARD', reason: 'USER_UNKNOWN' });
    expect(verdictOf('SR Other UNDELIV 30005|id:1')).toMatchObject({ type: 'SOFT', reason: 'UNREACHABLE' });
    expect(verdictOf('Part 30005 lost').decidedBy).toBe('fallback');
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
    ['ConnectionLost', 'SOFT', 'UNREACHABLE'],
    ['connection reset', 'SOFT', 'UNREACHABLE'],
    ['read ECONNRESET', 'SOFT', 'UNREACHABLE'],
    ['ECONNREFUSED 192.0.2.1:443', 'SOFT', 'UNREACHABLE'],
    ['APNs: connection reset by peer', 'UNDEFINED', 'UNREACHABLE'],
    ['messaging/message-rate-exceeded', 'SOFT', 'REFUSED'],
    ['messaging/mismatched-credential', 'SOFT', 'USER_UNKNOWN'],
    ['BadCertificate', 'SOFT', 'REFUSED'],
    ['QUOTA_EXCEEDED', 'SOFT', 'REFUSED'],
  ])('%s is %s %s', (text, type, reason) => {
    expect(qualify({ channel: 'PUSH', origin: 'API', text }, book).verdict).toMatchObject({ type, reason });
  });
});
