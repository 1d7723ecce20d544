import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../../src/graphql/cursor.ts';
import { parseDateTime } from '../../../src/graphql/date-time.ts';
import { decodeGlobalId, encodeGlobalId, NODE_TYPES, parseGlobalId } from '../../../src/graphql/global-id.ts';

const id = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n });

describe('a global id', () => {
  it('names its type and row again', () => {
    fc.assert(
      fc.property(fc.constantFrom(...NODE_TYPES), id, (type, row) => {
        expect(parseGlobalId(encodeGlobalId(type, row))).toEqual({ type, id: row });
      }),
    );
  });

  it('is refused for another type, with the name of the argument', () => {
    expect(() => decodeGlobalId('Profile', encodeGlobalId('Token', 1n), 'input.id')).toThrow('"input.id" is the id of a Token');
  });

  it('is nothing but what was given out', () => {
    const made = fc
      .constantFrom('Profile:01', 'Profile:-1', 'Profile:1 ', 'Profile:', 'profile:1', ':1', `Profile:${2n ** 63n}`)
      .map((text) => Buffer.from(text).toString('base64url'));
    fc.assert(
      fc.property(fc.oneof(fc.string(), made), (text) => {
        expect(parseGlobalId(text)).toBeNull();
      }),
    );
    expect(parseGlobalId(`${encodeGlobalId('Profile', 12n)}=`)).toBeNull();
  });
});

describe('a cursor', () => {
  it('leads back to its place in its list', () => {
    const value = fc.constantFrom(null, '-infinity', '0', '100000', '2026-01-01 00:00:00+00', '2026-12-31 23:59:59.999+00');
    fc.assert(
      fc.property(fc.string(), id, value, (list, row, ordered) => {
        expect(decodeCursor(list, encodeCursor(list, { id: row, value: ordered }), 'after')).toEqual({ id: row, value: ordered });
      }),
    );
  });

  it('is refused by another list and where it was made up', () => {
    expect(() => decodeCursor('a', encodeCursor('b', { id: 1n, value: null }), 'after')).toThrow('another list');
    const texts = [
      '',
      'x',
      '[]',
      '{}',
      '[1,"a","0"]',
      '[2,"a","1"]',
      '[1,"a",1]',
      '[1,"a","1","x"]',
      '[1,"a","1","2026-99-01 00:00:00+00"]',
      '[1, "a", "1"]',
    ];
    for (const text of texts)
      expect(() => decodeCursor('a', Buffer.from(text).toString('base64url'), 'after')).toThrow('"after" is not a cursor');
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCursor('a', text, 'before')).toThrow('"before"');
      }),
    );
  });
});

describe('a DateTime', () => {
  it('is any instant with a time zone', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true }),
        (instant) => {
          expect(parseDateTime(instant.toISOString())).toEqual(instant);
        },
      ),
    );
    expect(parseDateTime('2026-01-01t01:30:00+01:30').toISOString()).toBe('2026-01-01T00:00:00.000Z');
    expect(parseDateTime('2024-02-29T00:00:00.5Z').toISOString()).toBe('2024-02-29T00:00:00.500Z');
  });

  it.each([
    '',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:01Z',
    '2026-01-01 00:00:00Z',
    1_700_000_000,
    null,
  ])('is not %j', (text) => {
    expect(() => parseDateTime(text)).toThrow('RFC 3339');
  });
});
