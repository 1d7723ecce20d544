import { expect, it } from 'vitest';
import { retentionCutoffs } from '../../../src/domain/retention/retention-cutoffs.ts';
import { DEFAULT_SETTINGS } from '../../../src/domain/settings/settings.ts';

const now = new Date('2025-12-31T04:00:00Z');

it('logs, audit and inbound events are kept 180 days, valid entries until the next run', () => {
  expect(retentionCutoffs(DEFAULT_SETTINGS, now)).toEqual({
    logsBefore: new Date('2025-07-04T04:00:00Z'),
    inboundEventsBefore: new Date('2025-07-04T04:00:00Z'),
    auditBefore: new Date('2025-07-04T04:00:00Z'),
    validEntriesBefore: now,
  });
});

it('the hidden delay of two days can be set', () => {
  expect(retentionCutoffs({ ...DEFAULT_SETTINGS, validPurgeDelay: 2 }, now).validEntriesBefore).toEqual(new Date('2025-12-29T04:00:00Z'));
});
