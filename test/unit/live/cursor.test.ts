import { describe, expect, it } from 'vitest';
import { CursorExpiredError, decodeCursor, encodeCursor, MalformedCursorError } from '../../../src/live/cursor.ts';

const TAG = 'abcdefghij';

describe('cursors of the feed', () => {
  it('come back as they were given out', () => {
    const position = { txid: 2n ** 64n - 1n, id: 2n ** 63n - 1n };
    expect(decodeCursor(encodeCursor('QUARANTINE', TAG, position), 'QUARANTINE', TAG)).toEqual(position);
  });

  it.each([
    { txid: 7n, id: 2n ** 63n },
    { txid: 2n ** 64n, id: 7n },
  ])('are malformed where the database has no such place: $txid $id', (position) => {
    expect(() => decodeCursor(encodeCursor('QUARANTINE', TAG, position), 'QUARANTINE', TAG)).toThrow(MalformedCursorError);
  });

  it('of another ledger or epoch are expired', () => {
    const cursor = encodeCursor('QUARANTINE', TAG, { txid: 7n, id: 7n });
    expect(() => decodeCursor(cursor, 'DELIVERY_LOG', TAG)).toThrow(CursorExpiredError);
    expect(() => decodeCursor(cursor, 'QUARANTINE', 'jihgfedcba')).toThrow(CursorExpiredError);
  });
});
