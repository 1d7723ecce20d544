import { expect, test } from 'vitest';
import { quarantineOf } from '../../../src/operations/import-rows.ts';

const rowOf = (last_error_at: string) => quarantineOf({ channel: 'EMAIL', address: 'a@example.com', last_error_at });

test('a day that no calendar has is refused, not moved into the next month', () => {
  for (const day of ['2025-02-29', '2025-04-31T08:00:00Z', '2025-02-30T08:00:00+01:00', '2025-13-01', '2025-00-10', '2025-01-00']) {
    expect(rowOf(day)).toBe('The time of the last error is empty or an instant such as 2026-05-12T10:00:00Z.');
  }
  expect(rowOf('2024-02-29')).toMatchObject({ lastErrorAt: new Date('2024-02-29T00:00:00Z') });
  expect(rowOf('2025-04-30 23:59:59Z')).toMatchObject({ lastErrorAt: new Date('2025-04-30T23:59:59Z') });
});

test('a time before the year 1 is refused in its row: no database keeps it', () => {
  for (const time of ['0000-05-12T10:00:00Z', '0000-12-31', '0001-01-01T00:00:00+14:00']) {
    expect(rowOf(time)).toBe('The time of the last error is empty or an instant such as 2026-05-12T10:00:00Z.');
  }
  expect(rowOf('0001-01-01')).toMatchObject({ lastErrorAt: new Date('0001-01-01T00:00:00Z') });
});
