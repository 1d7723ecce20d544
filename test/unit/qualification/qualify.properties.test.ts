import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUILT_IN_RULES } from '../../../src/domain/qualification/built-in-rules.ts';
import type { FailureEvidence } from '../../../src/domain/qualification/failure-evidence.ts';
import { qualify } from '../../../src/domain/qualification/qualify.ts';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';
import { CHANNELS, EVENT_ORIGINS, FAILURE_REASONS, FAILURE_TYPES, FAULTS } from '../../../src/domain/vocabulary.ts';

const book = defaultRuleBook();
const samples = BUILT_IN_RULES.flatMap((rule) => rule.examples);
const text = fc.oneof(
  fc.string({ maxLength: 200, unit: 'binary' }),
  fc.array(fc.oneof(fc.constantFrom(...samples), fc.string({ maxLength: 20 })), { maxLength: 6 }).map((parts) => parts.join(' ')),
);

const evidence: fc.Arbitrary<FailureEvidence> = fc.record(
  {
    channel: fc.constantFrom(...CHANNELS),
    text,
    origin: fc.constantFrom(...EVENT_ORIGINS),
    recipient: fc.string({ maxLength: 30 }),
    smtpCode: fc.integer({ min: 200, max: 599 }),
    enhancedCode: fc.constantFrom('5.1.1', '4.2.2', '5.0.0', 'x', ''),
    remoteHost: fc.constantFrom('mx.firm.example', 'mx1.mail.icloud.com', '', '.'),
    smtpCommand: fc.constantFrom('RCPT', 'MAIL FROM', 'DATA', ''),
    notice: text,
  },
  { requiredKeys: ['channel', 'text', 'origin'] },
);

describe('properties of qualifying', () => {
  it('whatever comes in, exactly one type, reason and fault come out, with what decided', () => {
    fc.assert(
      fc.property(evidence, (one) => {
        const { verdict, ruleName } = qualify(one, book);
        expect(FAILURE_TYPES).toContain(verdict.type);
        expect(FAILURE_REASONS).toContain(verdict.reason);
        expect(FAULTS).toContain(verdict.fault);
        expect(verdict.decidedBy).toMatch(/^(?:rule \w+|status [245]\.\d+\.\d+|reply \d{3}|fallback)$/);
        expect(ruleName).toBe(verdict.decidedBy.startsWith('rule ') ? verdict.decidedBy.slice(5) : null);
        expect(verdict.md5).toMatch(/^[0-9a-f]{32}$/);
      }),
      { numRuns: 2000 },
    );
  });

  it('only words or a code about the recipient suppress an address at once', () => {
    fc.assert(
      fc.property(evidence, (one) => {
        const { verdict } = qualify(one, book);
        if (verdict.type === 'HARD') expect(verdict.fault).toBe('RECIPIENT');
        expect(verdict.type === 'HARD' && verdict.decidedBy === 'fallback').toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('what was judged before changes no verdict', () => {
    fc.assert(
      fc.property(evidence, evidence, (first, second) => {
        const alone = qualify(second, book);
        qualify(first, book);
        expect(qualify(second, book)).toEqual(alone);
      }),
    );
  });

  it('case and white space around words change no meaning', () => {
    fc.assert(
      fc.property(fc.constantFrom(...samples), (sample) => {
        const meaning = (value: string) => qualify({ channel: 'EMAIL', origin: 'SYNC', text: value }, book).verdict.decidedBy;
        expect(meaning(sample.toUpperCase().replace(/ /g, ' \r\n '))).toBe(meaning(sample));
      }),
    );
  });
});
