import { describe, expect, it } from 'vitest';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';
import { classifyReceipt, parseSmsReceipt, receiptDate, receiptEvidence } from '../../../src/reports/sms-receipt.ts';

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

  it.each(['UNDELIV', 'REJECTD', 'EXPIRED', 'DELETED', 'FAILED', 'DND_REJECTED', 'BLOCKED'])(
    'in state %s is never hard by that alone',
    (stat) => {
      const text = `id:1 stat:${stat} err:000 text:unknown subscriber`;
      const classified = classifyReceipt(receiptEvidence(parseSmsReceipt(text), text, 'Generic'), defaultRuleBook());
      expect(['SOFT', 'IGNORED']).toContain(classified.type);
    },
  );

  it('is qualified under its provider’s name, the message left out (SMS-1)', () => {
    const receipt = parseSmsReceipt(FULL);
    const evidence = receiptEvidence(receipt, FULL, 'Example Provider', '+491511234567');
    const classified = classifyReceipt(evidence, defaultRuleBook());
    expect(classified).toMatchObject({
      address: '+491511234567',
      type: 'SOFT',
      reason: 'UNREACHABLE',
      normalizedText: 'SR ExampleProvider UNDELIV 03f|#MESSAGE#',
    });
  });
});
