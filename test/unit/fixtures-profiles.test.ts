import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine, fixtureAddresses, PROFILE_COLUMNS, type ProfileRow, profileRows } from '../../demo/make-profiles.ts';
import { canonicalAddress } from '../../src/domain/address/canonical-address.ts';

const emails = (row: ProfileRow): readonly string[] => row.email.split('|').filter((email) => email !== '');
const isAddress = (value: string, channel: 'EMAIL' | 'SMS'): boolean => canonicalAddress({ channel, value, addressCase: 'canonical' }).ok;

describe('the profiles of the demo', () => {
  const include = fixtureAddresses();
  const rows = [...profileRows({ count: 20_000, seed: 7, include })];

  it('are the same for the same seed and others for another', () => {
    const again = [...profileRows({ count: 300, seed: 7, include })];
    expect(again).toEqual([...profileRows({ count: 300, seed: 7, include })]);
    expect([...profileRows({ count: 300, seed: 8, include })]).not.toEqual(again);
  });

  it('hold every recipient of the shipped failure messages, opted out of nothing', () => {
    expect(include.length).toBeGreaterThan(80);
    const open = new Set(rows.filter((row) => row.optedOut === '').flatMap(emails));
    expect(include.filter((address) => !open.has(address))).toEqual([]);
  });

  it('hold all addresses to be included even where there is one row for each', () => {
    const least = [...profileRows({ count: include.length, seed: 1, include })];
    expect(least.map((row) => row.email)).toEqual(include);
    expect(() => [...profileRows({ count: include.length - 1, seed: 1, include })]).toThrow(RangeError);
  });

  it('are as untidy as real lists', () => {
    const addresses = rows.flatMap(emails);
    expect(new Set(addresses).size).toBeLessThan(addresses.length);
    expect(rows.some((row) => row.email.includes('|'))).toBe(true);
    expect(rows.some((row) => row.email === '')).toBe(true);
    expect(rows.some((row) => /^[^a-z]+$/.test(row.email) && row.email !== '')).toBe(true);
    expect(rows.some((row) => row.email.endsWith('@bücher.example'))).toBe(true);
    expect(new Set(rows.map((row) => row.optedOut))).toEqual(new Set(['', 'all', 'EMAIL', 'EMAIL|SMS', 'PIGEON']));
  });

  it('have a few rows to reject, and nothing else that an import could refuse', () => {
    const refused = rows.filter(
      (row) => row.externalId === '' || row.optedOut === 'PIGEON' || emails(row).some((email) => !isAddress(email, 'EMAIL')),
    );
    expect(refused.length).toBeGreaterThan(10);
    expect(refused.length).toBeLessThan(30);
    const ids = rows.map((row) => row.externalId).filter((id) => id !== '');
    expect(new Set(ids).size).toBe(ids.length);
    const mobiles = rows.map((row) => row.mobile).filter((mobile) => mobile !== '');
    expect(mobiles.filter((value) => !isAddress(value, 'SMS'))).toEqual([]);
  });

  it('survive the way through CSV whatever the names', () => {
    const text = fc.string({ unit: 'grapheme' });
    const anyRow = fc.record({ externalId: text, firstName: text, lastName: text, email: text, mobile: text, optedOut: text });
    fc.assert(
      fc.property(anyRow, (row) => {
        const read: string[][] = parse(csvLine(row), { relax_column_count: true });
        const written = [row.externalId, row.firstName, row.lastName, row.email, row.mobile, row.optedOut];
        expect(read[0]).toEqual(written);
        expect(PROFILE_COLUMNS.length).toBe(written.length);
      }),
    );
  });
});
