import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideIncident, INCIDENT_REASONS, isOver, shareOf } from '../../../src/domain/incident/decide-incident.ts';
import { DEFAULT_SETTINGS, incidentPolicy } from '../../../src/domain/settings/settings.ts';
import { FAILURE_REASONS } from '../../../src/domain/vocabulary.ts';

const POLICY = incidentPolicy(DEFAULT_SETTINGS);

describe('the figures of an instance on which nobody has changed anything', () => {
  it('are an hour against thirty days, 100 results, 20 % and three times the past', () => {
    expect(POLICY).toEqual({
      enabled: true,
      windowMs: 3_600_000,
      baselineMs: 2_592_000_000,
      minimumMessages: 100,
      minimumShare: 0.2,
      factor: 3,
      closeAfterMs: 86_400_000,
    });
  });
});

describe('an incident', () => {
  it.each([
    ['opens where 2 % becomes 80 %', [1_000, 800], [10_000, 200], 'OPEN'],
    ['opens where what never happened becomes a fifth', [100, 20], [100, 0], 'OPEN'],
    ['opens at exactly three times the past', [100, 60], [100, 20], 'OPEN'],
    ['does not open just below', [1_000, 599], [100, 20], 'NO_JUMP'],
    ['does not open at a place where it is usual', [1_000, 900], [1_000, 600], 'NO_JUMP'],
    ['does not open with a share below the minimum, however small it was', [1_000, 199], [100_000, 1], 'SHARE_TOO_SMALL'],
    ['does not open with 99 results', [99, 99], [10_000, 0], 'TOO_FEW'],
    ['does not open with a past of 99 results', [1_000, 1_000], [99, 0], 'NO_PAST'],
    ['does not open at a domain that is new', [1_000, 1_000], [0, 0], 'NO_PAST'],
    ['does not open where nothing happened', [0, 0], [0, 0], 'TOO_FEW'],
  ] as const)('%s', (_case, [messages, failures], [pastMessages, pastFailures], decision) => {
    const past = { messages: pastMessages, failures: pastFailures };
    expect(decideIncident('USER_UNKNOWN', { messages, failures }, past, POLICY)).toBe(decision);
  });

  it('never opens when they are switched off', () => {
    const off = { ...POLICY, enabled: false };
    expect(decideIncident('USER_UNKNOWN', { messages: 1_000, failures: 1_000 }, { messages: 1_000, failures: 0 }, off)).toBe('OFF');
  });

  it.each(FAILURE_REASONS)('of %s opens exactly where a server may say that of an address or of us', (reason) => {
    const said = ['UNDEFINED', 'USER_UNKNOWN', 'INVALID_DOMAIN', 'UNREACHABLE', 'ACCOUNT_DISABLED', 'MAILBOX_FULL', 'REFUSED'].includes(
      reason,
    );
    const decision = decideIncident(reason, { messages: 1_000, failures: 1_000 }, { messages: 1_000, failures: 0 }, POLICY);
    expect([decision, INCIDENT_REASONS.includes(reason)]).toEqual([said ? 'OPEN' : 'NEVER', said]);
  });
});

describe('an incident that nobody closes', () => {
  it.each([
    ['is over where the share was normal all day', [1_000, 20], [200, 2], true],
    ['is over just below the minimum share', [1_000, 199], [0, 0], true],
    ['is not over at the minimum share', [1_000, 200], [0, 0], false],
    ['is not over where it has begun again', [10_000, 300], [200, 150], false],
    ['is over where a few failures are no relapse', [10_000, 300], [99, 99], true],
    ['is not over in silence', [99, 0], [0, 0], false],
  ] as const)('%s', (_case, [messages, failures], [nowMessages, nowFailures], over) => {
    const present = { messages: nowMessages, failures: nowFailures };
    expect(isOver(0.01, { messages, failures }, present, POLICY)).toBe(over);
  });

  it('is over at a place where a quarter fails as ever', () => {
    expect(isOver(0.25, { messages: 1_000, failures: 250 }, { messages: 100, failures: 25 }, POLICY)).toBe(true);
  });
});

const volume = fc
  .tuple(fc.nat(100_000), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([messages, part]) => ({ messages, failures: Math.floor(messages * part) }));
const policy = fc.record({
  enabled: fc.constant(true),
  minimumMessages: fc.integer({ min: 10, max: 10_000 }),
  minimumShare: fc.double({ min: 0.01, max: 1, noNaN: true }),
  factor: fc.double({ min: 1.1, max: 100, noNaN: true }),
});

describe('for any figures', () => {
  it('an incident means enough results now and before, a share of the minimum, and one that has grown', () => {
    fc.assert(
      fc.property(volume, volume, policy, (present, past, figures) => {
        if (decideIncident('UNREACHABLE', present, past, figures) !== 'OPEN') return;
        expect(Math.min(present.messages, past.messages)).toBeGreaterThanOrEqual(figures.minimumMessages);
        expect(shareOf(present)).toBeGreaterThanOrEqual(figures.minimumShare);
        expect(shareOf(present)).toBeGreaterThan(shareOf(past));
      }),
    );
  });

  it('more failures of as many results never close a case that was open', () => {
    fc.assert(
      fc.property(volume, volume, policy, fc.nat(1_000), (present, past, figures, more) => {
        const worse = { ...present, failures: Math.min(present.messages, present.failures + more) };
        const [before, after] = [present, worse].map((one) => decideIncident('UNREACHABLE', one, past, figures));
        if (before === 'OPEN') expect(after).toBe('OPEN');
      }),
    );
  });

  it('stricter figures never open what the others left alone', () => {
    fc.assert(
      fc.property(volume, volume, policy, policy, (present, past, a, b) => {
        const strict = {
          enabled: true,
          minimumMessages: Math.max(a.minimumMessages, b.minimumMessages),
          minimumShare: Math.max(a.minimumShare, b.minimumShare),
          factor: Math.max(a.factor, b.factor),
        };
        if (decideIncident('UNREACHABLE', present, past, strict) === 'OPEN') {
          expect(decideIncident('UNREACHABLE', present, past, a)).toBe('OPEN');
        }
      }),
    );
  });
});
