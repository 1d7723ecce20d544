import { describe, expect, it } from 'vitest';
import { FAILURE_REASON_CATALOGUE, failureReasonFacts, failureReasonOfValue } from '../../../src/domain/failure/failure-reasons.ts';
import { FAILURE_REASONS } from '../../../src/domain/vocabulary.ts';

describe('the catalogue of failure reasons', () => {
  it('holds every reason once, in the order of the vocabulary', () => {
    expect(FAILURE_REASON_CATALOGUE.map(({ reason }) => reason)).toEqual([...FAILURE_REASONS]);
  });

  it.each([
    [0, 'UNDEFINED', ['UNDEFINED'], false],
    [1, 'USER_UNKNOWN', ['HARD'], false],
    [2, 'INVALID_DOMAIN', ['SOFT'], false],
    [3, 'UNREACHABLE', ['SOFT', 'HARD'], false],
    [4, 'ACCOUNT_DISABLED', ['SOFT', 'HARD'], false],
    [5, 'MAILBOX_FULL', ['SOFT'], false],
    [6, 'NOT_CONNECTED', ['IGNORED'], false],
    [7, 'ADDRESS_UNDEFINED', ['HARD'], true],
    [8, 'DENYLISTED', ['HARD'], true],
    [9, 'QUARANTINED', ['HARD'], true],
    [10, 'DUPLICATE', ['IGNORED'], true],
    [11, 'EXCLUDED_BY_SQL_RULE', ['IGNORED'], true],
    [12, 'EXCLUDED_BY_ARBITRATION', ['IGNORED'], true],
    [14, 'BAD_QUALITY_ADDRESS', ['IGNORED'], true],
    [15, 'UNQUALIFIED_ADDRESS', ['IGNORED'], true],
    [16, 'NOT_ELIGIBLE_FOR_OFFERS', ['IGNORED'], true],
    [17, 'TARGET_LIMITED', ['IGNORED'], true],
    [20, 'REFUSED', ['SOFT', 'HARD'], false],
    [25, 'ERROR_IGNORED', ['IGNORED'], false],
    [127, 'CONTROL_GROUP', ['IGNORED'], true],
  ] as const)('%i is %s', (value, reason, types, atPreparation) => {
    expect(failureReasonOfValue(value)).toBe(reason);
    expect(failureReasonFacts(reason)).toMatchObject({ technicalValue: value, types, atPreparation });
  });

  it.each([13, 18, 19, 21, 22, 23, 24, -1, 1.5])('%d is not assigned', (value) => {
    expect(failureReasonOfValue(value)).toBeNull();
  });

  it('EXPIRED has no documented number', () => {
    expect(failureReasonFacts('EXPIRED')).toMatchObject({ technicalValue: null, types: ['IGNORED'] });
  });
});
