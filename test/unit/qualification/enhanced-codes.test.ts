import { describe, expect, it } from 'vitest';
import { meaningOfBareReply, meaningOfReply, meaningOfStatus } from '../../../src/domain/qualification/enhanced-codes.ts';

describe('enhanced status codes', () => {
  it.each([
    ['5.1.0', 'HARD', 'USER_UNKNOWN', 'RECIPIENT'],
    ['5.1.1', 'HARD', 'USER_UNKNOWN', 'RECIPIENT'],
    ['5.1.3', 'HARD', 'USER_UNKNOWN', 'RECIPIENT'],
    ['5.1.6', 'HARD', 'USER_UNKNOWN', 'RECIPIENT'],
    ['4.1.1', 'SOFT', 'UNREACHABLE', 'INFRASTRUCTURE'],
    ['5.1.2', 'SOFT', 'INVALID_DOMAIN', 'RECIPIENT'],
    ['5.1.10', 'SOFT', 'INVALID_DOMAIN', 'RECIPIENT'],
    ['5.4.4', 'SOFT', 'INVALID_DOMAIN', 'RECIPIENT'],
    ['5.1.7', 'SOFT', 'REFUSED', 'SENDER'],
    ['5.1.8', 'SOFT', 'REFUSED', 'SENDER'],
    ['5.2.1', 'SOFT', 'ACCOUNT_DISABLED', 'RECIPIENT'],
    ['5.7.13', 'SOFT', 'ACCOUNT_DISABLED', 'RECIPIENT'],
    ['4.2.2', 'SOFT', 'MAILBOX_FULL', 'RECIPIENT'],
    ['5.2.3', 'SOFT', 'REFUSED', 'CONTENT'],
    ['5.3.4', 'SOFT', 'REFUSED', 'CONTENT'],
    ['4.3.2', 'SOFT', 'UNREACHABLE', 'INFRASTRUCTURE'],
    ['4.4.7', 'SOFT', 'UNREACHABLE', 'INFRASTRUCTURE'],
    ['5.5.2', 'SOFT', 'UNREACHABLE', 'INFRASTRUCTURE'],
    ['4.5.3', 'SOFT', 'UNREACHABLE', 'SENDER'],
    ['5.6.0', 'SOFT', 'REFUSED', 'CONTENT'],
    ['5.7.1', 'SOFT', 'REFUSED', 'SENDER'],
    ['5.7.26', 'SOFT', 'REFUSED', 'SENDER'],
  ] as const)('%s is %s %s, fault %s', (code, type, reason, fault) => {
    expect(meaningOfStatus(code)).toEqual({ type, reason, fault });
  });

  it.each(['5.0.0', '4.0.0', '5.5.0', '5.3.0', '5.2.0', '2.1.5', '5.9.9'])('%s says nothing', (code) => {
    expect(meaningOfStatus(code)).toBeNull();
  });
});

describe('reply codes', () => {
  it.each([550, 551, 552, 553, 554, 421, 450, 451, 452, 250])('%d says nothing by itself', (code) => {
    expect(meaningOfReply(code)).toBeNull();
  });

  it('556 is a domain that takes no mail, 535 a sender that did not sign in', () => {
    expect(meaningOfReply(556)).toMatchObject({ type: 'SOFT', reason: 'INVALID_DOMAIN' });
    expect(meaningOfReply(535)).toMatchObject({ type: 'SOFT', reason: 'REFUSED', fault: 'SENDER' });
  });

  it.each([
    [552, 'MAILBOX_FULL'],
    [500, 'UNREACHABLE'],
    [504, 'UNREACHABLE'],
    [521, 'INVALID_DOMAIN'],
    [525, 'ACCOUNT_DISABLED'],
  ] as const)('%d means %s where nothing else is known, never hard', (code, reason) => {
    expect(meaningOfBareReply(code)).toMatchObject({ type: 'SOFT', reason });
  });

  it.each([550, 551, 553, 554, 451])('%d says nothing even then', (code) => {
    expect(meaningOfBareReply(code)).toBeNull();
  });
});
