import { describe, expect, it } from 'vitest';
import { qualify } from '../../../src/domain/qualification/qualify.ts';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';
import { parseSmsReceipt, receiptDate } from '../../../src/domain/qualification/sms-receipt.ts';
import { millisecondsSince } from '../../support/cpu-time.ts';

const FULL = 'id:77aa-01 sub:001 dlvrd:000 submit date:2602021000 done date:260202100130 stat:UNDELIV err:03f text:Hello there';

describe('an SMS receipt', () => {
  it('is read with all its fields', () => {
    expect(parseSmsReceipt(FULL)).toEqual({
      messageId: '77aa-01',
      stat: 'UNDELIV',
      err: '03f',
      submittedAt: new Date('2026-02-02T10:00:00Z'),
      doneAt: new Date('2026-02-02T10:01:30Z'),
      outcome: 'failed',
    });
  });

  it('is read in any order of fields', () => {
    const receipt = parseSmsReceipt('stat:EXPIRED done date:20260202100130 id:9 err:001 submit date:2602021000 dlvrd:0');
    expect(receipt).toMatchObject({
      messageId: '9',
      stat: 'EXPIRED',
      err: '001',
      outcome: 'failed',
      doneAt: new Date('2026-02-02T10:01:30Z'),
    });
  });

  it.each([
    'id:1 stat:DELIVRD err:000 text:stat:UNDELIV err:999',
    'id:1 stat:DELIVRD err:000 Text:Hi stat:REJECTD',
    'id:1 stat:DELIVRD err:000 txt:a stat:FAILED',
    'text:Hi stat:UNDELIV you id:1 stat:DELIVRD err:000',
  ])('is not misled by a state inside the message: %s', (text) => {
    expect(parseSmsReceipt(text)).toMatchObject({ stat: 'DELIVRD', outcome: 'delivered' });
  });

  it.each([
    ['DELIVRD', 'delivered'],
    ['DELIVERED', 'delivered'],
    ['UNDELIV', 'failed'],
    ['REJECTD', 'failed'],
    ['EXPIRED', 'failed'],
    ['DND_REJECTED', 'failed'],
    ['ENROUTE', 'intermediate'],
    ['ACCEPTD', 'intermediate'],
    ['UNKNOWN', 'intermediate'],
    ['BUFFERED', 'intermediate'],
  ])('in state %s is %s', (stat, outcome) => {
    expect(parseSmsReceipt(`id:1 stat:${stat} err:000`).outcome).toBe(outcome);
  });

  it('without a state means nothing', () => {
    expect(parseSmsReceipt('hello world')).toEqual({
      messageId: null,
      stat: null,
      err: null,
      submittedAt: null,
      doneAt: null,
      outcome: 'intermediate',
    });
    expect(parseSmsReceipt('').outcome).toBe('intermediate');
  });

  it.each([
    ['2602021000', '2026-02-02T10:00:00.000Z'],
    ['260202100059', '2026-02-02T10:00:59.000Z'],
    ['20260202100059', '2026-02-02T10:00:59.000Z'],
    ['2602311000', null],
    ['2613021000', null],
    ['12345', null],
  ])('dates %s as %s', (digits, iso) => {
    expect(receiptDate(digits)?.toISOString() ?? null).toBe(iso);
  });

  const verdictOf = (text: string) => qualify({ channel: 'SMS', text, origin: 'STATUS_REPORT' }, defaultRuleBook()).verdict;

  it.each(['UNDELIV', 'REJECTD', 'EXPIRED', 'DELETED', 'FAILED', 'DND_REJECTED', 'BLOCKED'])(
    'in state %s is never hard by that alone',
    (stat) => {
      expect(['SOFT', 'IGNORED']).toContain(verdictOf(`id:1 stat:${stat} err:000 text:unknown subscriber`).type);
    },
  );

  it.each([
    FULL,
    'stat:UNDELIV err:03f id:12 text:Quite another message',
    'done date:20260202100130 err:03f id:ABCDEF0123 stat:undeliv',
    'text:Hi stat:DELIVRD you id:9 stat:UNDELIV err:03f',
  ])('is qualified by its state and code, the message left out (SMS-1): %s', (text) => {
    expect(verdictOf(text)).toMatchObject({
      type: 'SOFT',
      reason: 'UNREACHABLE',
      normalizedText: 'SR Generic UNDELIV 03f|#MESSAGE#',
    });
  });

  it.each([
    ['id:1 stat:DELIVRD err:000 text:stat:UNDELIV', 'IGNORED', 'UNDEFINED'],
    ['stat:REJECTD err:0a2 id:1 text:hello stat:DELIVRD', 'SOFT', 'REFUSED'],
    ['id:1 stat:UNKNOWN err:000', 'IGNORED', 'UNDEFINED'],
    ['id:1 stat:XYZZY err:001', 'IGNORED', 'UNDEFINED'],
    ['SR Example XYZZY 001|id:1', 'IGNORED', 'UNDEFINED'],
    ['id:1 stat:NOROUTE err:001', 'SOFT', 'REFUSED'],
  ])('that says "%s" means %s %s (SMS-2)', (text, type, reason) => {
    expect(verdictOf(text)).toMatchObject({ type, reason });
  });

  it('is not seen in prose that holds the word status', () => {
    expect(verdictOf('Status: UNDELIVERED Error: absent subscriber')).toMatchObject({ type: 'IGNORED', reason: 'NOT_CONNECTED' });
  });

  it('keeps the name of the provider where the text holds it', () => {
    expect(verdictOf(`SR Example UNDELIV 03f|${FULL}`).normalizedText).toBe('SR Example UNDELIV 03f|#MESSAGE#');
  });

  it('takes no more time than its length is worth, whatever it holds', () => {
    const text = `id:1 ${'stat: '.repeat(100_000)}text:${'stat:'.repeat(100_000)}`;
    const started = process.cpuUsage();
    verdictOf(text);
    expect(millisecondsSince(started)).toBeLessThan(2000);
  });
});
