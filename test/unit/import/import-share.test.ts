import { expect, test } from 'vitest';
import { importShare, importWarning } from '../../../src/domain/import/import-share.ts';

test('the share is in per cent, and 0 of nothing', () => {
  expect(importShare({ addresses: 8, inQuarantine: 1 })).toBe(12.5);
  expect(importShare({ addresses: 0, inQuarantine: 0 })).toBe(0);
});

test('the warning comes above the limit, not at it', () => {
  expect(importWarning({ addresses: 1_000, inQuarantine: 100 }, 10)).toBeNull();
  expect(importWarning({ addresses: 1_000, inQuarantine: 101 }, 10)).toContain('101 of 1,000 addresses (10.1 %)');
  expect(importWarning({ addresses: 0, inQuarantine: 0 }, 0)).toBeNull();
  expect(importWarning({ addresses: 3, inQuarantine: 3 }, 100)).toBeNull();
});
