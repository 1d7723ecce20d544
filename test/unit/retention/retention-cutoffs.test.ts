import { expect, it } from 'vitest';
import { retentionCutoffs } from '../../../src/domain/retention/retention-cutoffs.ts';
import { DEFAULT_SETTINGS } from '../../../src/domain/settings/settings.ts';

const now = new Date('2025-12-31T04:00:00Z');

it('logs, audit, inbound events and what staff was told are kept 180 days', () => {
  expect(retentionCutoffs(DEFAULT_SETTINGS, now)).toEqual({
    logsBefore: new Date('2025-07-04T04:00:00Z'),
    inboundEventsBefore: new Date('2025-07-04T04:00:00Z'),
    auditBefore: new Date('2025-07-04T04:00:00Z'),
    alertsBefore: new Date('2025-07-04T04:00:00Z'),
    incidentsBefore: new Date('2025-07-04T04:00:00Z'),
  });
});

it('each of them goes by its own setting', () => {
  const changed = {
    ...DEFAULT_SETTINGS,
    deliveryLogRetention: 30,
    inboundEventRetention: 60,
    auditRetention: 90,
    alertRetention: 10,
    incidentRetention: 20,
  };
  expect(retentionCutoffs(changed, now)).toEqual({
    logsBefore: new Date('2025-12-01T04:00:00Z'),
    inboundEventsBefore: new Date('2025-11-01T04:00:00Z'),
    auditBefore: new Date('2025-10-02T04:00:00Z'),
    alertsBefore: new Date('2025-12-21T04:00:00Z'),
    incidentsBefore: new Date('2025-12-11T04:00:00Z'),
  });
});
